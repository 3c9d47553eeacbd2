using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Tests.Engine.Kernels;

[TestClass]
public sealed class WorkerTeamTests
{
    [TestMethod]
    public void EachPartRunsOnceWhateverTheNumberOfThreads()
    {
        foreach (int threads in new[] { 1, 2, 3, 5 })
        {
            var team = new WorkerTeam(threads);
            int[] calls = new int[threads];
            Action<int> work = part => Interlocked.Increment(ref calls[part]);
            for (int run = 1; run <= 20_000; run++)
            {
                int parts = 1 + run % threads;
                team.Run(parts, work);
            }
            for (int part = 0; part < threads; part++)
                Assert.AreEqual(Enumerable.Range(1, 20_000).Count(run => part <= run % threads), calls[part], $"part {part} of {threads}");
        }
    }

    [TestMethod]
    public void RunReturnsAfterThePartsHaveEnded()
    {
        var team = new WorkerTeam(3);
        double[] results = new double[3];
        for (int run = 0; run < 200; run++)
        {
            Array.Clear(results);
            team.Run(3, part =>
            {
                double sum = 0;
                for (int i = 1; i < 20_000; i++)
                    sum += 1.0 / i;
                results[part] = sum;
            });
            Assert.IsTrue(results.All(result => result > 10));
        }
    }

    [TestMethod]
    public void AnExceptionOfAPartReachesTheCallerAndTheTeamGoesOn()
    {
        var team = new WorkerTeam(3);
        for (int failing = 0; failing < 3; failing++)
        {
            var thrown = Assert.ThrowsExactly<InvalidOperationException>(() => team.Run(3, part =>
            {
                if (part == failing)
                    throw new InvalidOperationException($"part {part}");
            }));
            Assert.AreEqual($"part {failing}", thrown.Message);
        }
        int calls = 0;
        team.Run(3, _ => Interlocked.Increment(ref calls));
        Assert.AreEqual(3, calls);
    }

    [TestMethod]
    public void ATeamThatFellAsleepWakesUp()
    {
        var team = new WorkerTeam(2);
        int calls = 0;
        Action<int> work = _ => Interlocked.Increment(ref calls);
        using var pause = new ManualResetEventSlim();
        for (int run = 0; run < 20; run++)
        {
            team.Run(2, work);
            pause.Wait(10);
        }
        Assert.AreEqual(40, calls);
    }

    [TestMethod]
    public void TeamsThatAreReleasedLeaveTheirThreadsToTheNext()
    {
        const int teams = 200, most = 50;
        var threads = new HashSet<int>();
        for (int i = 0; i < teams; i++)
        {
            var team = new WorkerTeam(2);
            using var begun = new ManualResetEventSlim();
            int worker = 0;
            team.Run(2, part =>
            {
                if (part == 0)
                {
                    begun.Wait(1000);
                    return;
                }
                worker = Environment.CurrentManagedThreadId;
                begun.Set();
            });
            threads.Add(worker);
            team.Release();
        }
        Assert.IsLessThan(most, threads.Count);
    }
}
