// Pictures become sentences: an encoder reads the rows of a picture, numbers as they are, and a decoder writes the words. No caption to
// test with is among those to learn from, so that whoever looks for the most similar picture finds a wrong one.
using Captions;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Shared;

return Sample.Run(args, "Train an LSTM to say what pictures show.", MadeUpPictures.Make, Go);

static void Go(Sample sample, Picture[] pictures)
{
    MLContext ml = sample.ML;
    Picture[] whole = Sample.Whole(pictures, picture => picture.Caption.Length > 0 && picture.Rows > 0
        && picture.Pixels.Length > 0 && picture.Pixels.All(float.IsFinite), "pictures without a caption, Rows or all pixels");
    sample.Require(whole.Length, 50, "pictures with a caption");
    int rows = (int)whole[0].Rows, numbers = whole[0].Pixels.Length;
    if (rows < 1 || numbers % (3 * rows) != 0 || whole.Any(picture => picture.Pixels.Length != numbers || picture.Rows != rows))
        throw new InvalidDataException("All pictures have the same number of Rows, and of Pixels with 3 numbers each.");
    string[] captions = [.. whole.Select(picture => picture.Caption).Distinct().Order(StringComparer.Ordinal)];
    new Random(1).Shuffle(captions);
    HashSet<string> held = [.. captions.Take(captions.Length / 5)];
    Captioned[] train = Select(isHeld: false), test = [.. Select(isHeld: true).Take(400)];
    Console.WriteLine($"{train.Length:N0} pictures to learn from, {test.Length} to describe, with captions that are new.");

    // A row of the picture is a step, with the three colours of each of its pixels.
    SchemaDefinition schema = SchemaDefinition.Create(typeof(Captioned));
    schema[nameof(Captioned.Pixels)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, rows, numbers / rows);
    var pipeline = ml.Transforms.Conversion.MapValueToKey("Label", nameof(Captioned.Words))
        .Append(ml.MulticlassClassification.Trainers.LstmSequenceToSequence(new LstmSequenceToSequenceTrainer.Options
        {
            FeatureColumnName = nameof(Captioned.Pixels),
        }))
        .Append(ml.Transforms.Conversion.MapKeyToValue(nameof(Captioned.Written), "PredictedLabel"));
    IDataView written = pipeline.Fit(ml.Data.LoadFromEnumerable(train, schema)).Transform(ml.Data.LoadFromEnumerable(test, schema));
    Captioned[] described = [.. ml.Data.CreateEnumerable<Captioned>(written, reuseRowObject: false)];
    foreach (Captioned one in described.Take(4))
        Console.WriteLine($"  {Words.Join(one.Words),-56} {(one.Written.SequenceEqual(one.Words) ? "right" : Words.Join(one.Written))}");
    string path = Path.Combine(sample.Folder, "captions.svg");
    File.WriteAllText(path, Album.ToSvg(described[..Math.Min(8, described.Length)], numbers / rows / 3, rows));
    Console.WriteLine($"Pictures with what it says of them: {path}");

    var nearest = new NearestPicture(train);
    SequenceToSequenceMetrics metrics = ml.MulticlassClassification.EvaluateSequenceToSequence(written);
    Sample.End(new Figure("captions right in every word", metrics.ExactMatch,
        test.Average(picture => nearest.Caption(picture).SequenceEqual(picture.Words) ? 1.0 : 0), "the most similar picture's"),
        "features of an image network in place of pixels: one row of numbers for each part of the picture");

    Captioned[] Select(bool isHeld) => [.. whole.Where(picture => held.Contains(picture.Caption) == isHeld)
        .Select(picture => new Captioned { Pixels = picture.Pixels, Words = Words.Of(picture.Caption) })];
}
