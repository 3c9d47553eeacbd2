using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Tests.Engine.Kernels;

[TestClass]
public sealed class SharedStepsTests
{
    [TestMethod]
    public void EachStepSeesAllSharesOfTheOneBefore()
    {
        const int Steps = 500;
        foreach (int parts in new[] { 2, 3, 5 })
        {
            var steps = new SharedSteps(parts);
            var team = new WorkerTeam(parts);
            int sharedSteps = 0;
            for (int run = 0; run < 20; run++)
            {
                // Each share of a step sums the whole previous step, so that a missing or late share shows in the end.
                long[][] shares = [.. Enumerable.Range(0, Steps + 1).Select(_ => new long[parts])];
                shares[0][0] = 1;
                steps.Start(parts);
                // In every other run the leader waits for the others to be there, who may be late each time on a busy machine.
                using var others = new CountdownEvent(parts - 1);
                bool waits = run % 2 == 1;
                team.Run(parts, part =>
                {
                    if (part > 0)
                    {
                        others.Signal();
                        steps.Arrive();
                    }
                    else if (waits)
                    {
                        others.Wait();
                    }
                    for (int step = 0; step < Steps; step++)
                    {
                        int sharing = steps.Enter(step);
                        Assert.IsTrue(sharing == parts || sharing == (part == 0 ? 1 : 0));
                        if (sharing > 0)
                            shares[step + 1][part] = sharing == parts
                                ? shares[step].Sum() % 1000 + part
                                : shares[step].Sum() % 1000 * parts + parts * (parts - 1) / 2;
                        if (part == 0 && sharing == parts)
                            sharedSteps++;
                        steps.Leave(part, step);
                    }
                    if (part == 0)
                        steps.Finish(Steps);
                });
                long expected = 1;
                for (int step = 0; step < Steps; step++)
                    expected = expected % 1000 * parts + parts * (parts - 1) / 2;
                Assert.AreEqual(expected, shares[Steps].Sum(), $"{parts} parts, run {run}");
            }
            Assert.IsGreaterThan(0, sharedSteps);
        }
    }

    [TestMethod]
    public void TheLeaderGoesAloneWhenNobodyComesAndWhoComesLateFindsNothingToDo()
    {
        var steps = new SharedSteps(3);
        for (int run = 0; run < 2; run++)
        {
            steps.Start(3);
            for (int step = 0; step < 10; step++)
            {
                Assert.AreEqual(1, steps.Enter(step));
                steps.Leave(0, step);
            }
            steps.Finish(10);
            for (int part = 1; part < 3; part++)
            {
                steps.Arrive();
                for (int step = 0; step < 10; step++)
                {
                    Assert.AreEqual(0, steps.Enter(step));
                    steps.Leave(part, step);
                }
            }
        }
    }
}
