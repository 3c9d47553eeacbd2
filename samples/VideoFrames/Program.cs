// What happens in a video? Each frame becomes features, a network reads them in the order of time. The features are the pixels or what an
// ONNX network makes of them: here the principal components of the frames, with --network any that was trained on pictures.
using System.CommandLine;
using Microsoft.ML;
using Shared;
using VideoFrames;

var networkOption = new Option<string>("--network")
{
    Description = "An ONNX network that reads a frame and gives its features; otherwise the principal components of the frames are one.",
    HelpName = "FILE",
};
return Sample.Run(args, "Train an LSTM to tell what happens in videos.", MadeUpVideos.Make, Go, networkOption);

void Go(Sample sample, Frame[] frames)
{
    const int components = 24;
    MLContext ml = sample.ML;
    Frame[] whole = Sample.Whole(frames, frame => frame.Video.Length > 0 && frame.Event.Length > 0
        && frame.Pixels.Length > 0 && frame.Pixels.All(float.IsFinite), "frames with something missing");
    sample.Require(whole.Length, 100, "whole frames");
    int pixels = whole[0].Pixels.Length;
    if (whole.FirstOrDefault(frame => frame.Pixels.Length != pixels) is { } other)
        throw new InvalidDataException($"A frame of '{other.Video}' has {other.Pixels.Length} pixels, the first frame {pixels}.");
    var videos = whole.GroupBy(frame => frame.Video).ToArray();
    sample.Require(videos.Length, 40, "videos");

    string? network = sample.Value(networkOption);
    if (network is null)
    {
        network = Path.Combine(sample.Folder, "frames.onnx");
        FrameNetwork.Write(ml, whole.Select(frame => frame.Pixels), pixels, components, network);
    }
    using var features = new FrameNetwork(network, pixels);
    (double byNetwork, _) = Try(frame => features.Features(frame.Pixels));
    (double byPixels, double linear) = Try(frame => frame.Pixels);
    Console.WriteLine($"{videos.Length:N0} videos of {whole.Length / videos.Length} frames. Of those that it has not seen: with the "
        + $"pixels of each frame {byPixels:P1} right, with the features of {Path.GetFileName(network)} {byNetwork:P1}.");
    Sample.End(new Figure("events right", byPixels, linear, "a linear model of the first frame, the last and the mean"),
        "frames of your own videos, one a line, with --data, and a network that knows pictures in front, with --network");

    (double Lstm, double Linear) Try(Func<Frame, float[]> featuresOf)
    {
        Clip[] clips = [.. videos.Select(video => Clip.Of(video.First().Event, [.. video.Select(featuresOf)]))];
        int size = clips[0].Summary.Length / 3;
        DataOperationsCatalog.TrainTestData split =
            ml.Data.TrainTestSplit(ml.Data.LoadFromEnumerable(clips, Clip.SchemaOf(size)), testFraction: 0.2);
        var events = ml.Transforms.Conversion.MapValueToKey("Label", nameof(Clip.Event));
        return (Accuracy(ml.MulticlassClassification.Trainers.Lstm(featureColumnName: nameof(Clip.Frames), featuresPerStep: size)),
            Accuracy(ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy(featureColumnName: nameof(Clip.Summary))));

        double Accuracy(IEstimator<ITransformer> trainer)
            => ml.MulticlassClassification.Evaluate(events.Append(trainer).Fit(split.TrainSet).Transform(split.TestSet)).MicroAccuracy;
    }
}
