using OwnLoop;

// Two trainings that no trainer of the package does, written with its layers: a policy that learns by rewards alone, and a pair of
// networks that learn against each other. Each stands beside what can be had without what it shows.
int seed = args is ["--seed", var given] ? int.Parse(given) : 1;
Console.WriteLine("A corridor whose first place says where to turn at its end, learned by rewards (REINFORCE)");
Console.WriteLine($"  turns right, with an LSTM that remembers     {100 * CorridorLearner.Train(remembers: true, seed),5:F0}%");
Console.WriteLine($"  the same policy without a state              {100 * CorridorLearner.Train(remembers: false, seed),5:F0}%");
Console.WriteLine("Waves made of noise by a generator that a discriminator taught (GAN): how far autocorrelations are from real ones");
(double noise, double untrained, double trained) = WavePair.Train(seed);
Console.WriteLine($"  generator                                    {trained,6:F2}");
Console.WriteLine($"  generator before training                    {untrained,6:F2}");
Console.WriteLine($"  noise with the waves' mean and deviation     {noise,6:F2}");
