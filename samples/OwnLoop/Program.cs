// Two trainings that no trainer of the package does, written with its layers: a policy that learns by rewards alone (reinforcement), and a
// pair of networks that learn against each other (GAN). Each stands beside what can be had without what it shows.
using System.CommandLine;
using OwnLoop;
using Shared;

var seedOption = new Option<int>("--seed") { Description = "Draws all weights and walks.", HelpName = "N", DefaultValueFactory = _ => 1 };
return Sample.Run(args, "Train a policy by rewards, and a generator by a discriminator.", Signal.Make, Go, seedOption);

void Go(Sample sample, Reading[] readings)
{
    int seed = sample.Value(seedOption);
    var signal = new Signal(readings);
    sample.Require(signal.Windows, 100, $"windows of {Signal.Steps} values one after the other, none of them missing");

    Console.WriteLine("A corridor whose first place says where to turn at its end, learned by rewards (REINFORCE)");
    double remembering = CorridorLearner.Train(remembers: true, seed), forgetting = CorridorLearner.Train(remembers: false, seed);
    Console.WriteLine($"  turns right, with an LSTM that remembers     {100 * remembering,5:F0}%");
    Console.WriteLine($"  the same policy without a state              {100 * forgetting,5:F0}%");
    Sample.End(new Figure("walks that find the goal", remembering, forgetting, "the policy without a state"),
        "a longer corridor (Corridor.Length): the cue has to be remembered for as many steps");

    Console.WriteLine();
    Console.WriteLine("Waves made of noise by a generator that a discriminator taught (GAN): how far autocorrelations are from real ones");
    (double noise, double untrained, double trained) = WavePair.Train(signal, seed, sample);
    Console.WriteLine($"  generator                                    {trained,6:F2}");
    Console.WriteLine($"  generator before training                    {untrained,6:F2}");
    Console.WriteLine($"  noise with the waves' mean and deviation     {noise,6:F2}");
    Sample.End(new Figure("distance of autocorrelations", trained, noise, "noise", LessIsBetter: true),
        "a signal of your own, with --data");
}
