// Digits row by row: a picture is read as a sequence whose steps are its rows, from the top to the bottom and back. Beside it stands a
// linear classifier of ML.NET's, which looks at each pixel in its place.
using ImageRows;
using Microsoft.ML;
using Microsoft.ML.Data;
using Shared;

return Sample.Run(args, "Train an LSTM to read digits row by row.",
    "a folder with the four files of MNIST, gz or not, or of other pictures in their form",
    folder => MnistFolder.Write(folder, MadeUpDigits.Make(3000, new Random(1)), MadeUpDigits.Make(1000, new Random(2))), Go);

static void Go(Sample sample)
{
    MLContext ml = sample.ML;
    string? folder = sample.DataFile;
    Picture[] train = folder is null ? MadeUpDigits.Make(3000, new Random(1)) : MnistFolder.Read(folder, "train");
    Picture[] test = folder is null ? MadeUpDigits.Make(1000, new Random(2)) : MnistFolder.Read(folder, "t10k");
    sample.Require(Math.Min(train.Length, test.Length), 10, "pictures in one of its parts");
    int side = (int)Math.Sqrt(train[0].Pixels.Length);
    Console.WriteLine($"{train.Length:N0} pictures of {side} x {side} pixels to learn from, {test.Length:N0} to test with.");

    // The type of the column says that a picture has as many steps as rows, and as many numbers a step as columns.
    SchemaDefinition schema = SchemaDefinition.Create(typeof(Picture));
    schema[nameof(Picture.Pixels)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, side, side);
    IDataView trainRows = ml.Data.LoadFromEnumerable(train, schema), testRows = ml.Data.LoadFromEnumerable(test, schema);

    var digits = ml.Transforms.Conversion.MapValueToKey("Label", nameof(Picture.Digit));
    ITransformer model = digits.Append(ml.MulticlassClassification.Trainers.Lstm(featureColumnName: nameof(Picture.Pixels)))
        .Append(ml.Transforms.Conversion.MapKeyToValue(nameof(Seen.Guess), "PredictedLabel")).Fit(trainRows);
    IDataView seen = model.Transform(testRows);
    foreach (Seen picture in ml.Data.CreateEnumerable<Seen>(seen, reuseRowObject: false).Where(one => one.Digit != one.Guess).Take(1))
    {
        Console.WriteLine($"A {picture.Digit} that it takes for a {picture.Guess}:");
        Console.Write(new Picture { Pixels = picture.Pixels });
    }

    ITransformer linear = digits.Append(
        ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy(featureColumnName: nameof(Picture.Pixels))).Fit(trainRows);
    Sample.End(new Figure("digits right", ml.MulticlassClassification.Evaluate(seen).MicroAccuracy,
        ml.MulticlassClassification.Evaluate(linear.Transform(testRows)).MicroAccuracy, "a linear model of the pixels"),
        "MNIST, with --data and the folder of its four files, in some minutes");
}
