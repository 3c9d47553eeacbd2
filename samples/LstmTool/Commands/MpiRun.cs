using System.Globalization;
using System.Security.Cryptography;
using LstmTool.Tasks;
using Microsoft.ML.Lstm;

namespace LstmTool.Commands;

/// <summary>The processes that <c>mpirun</c> has started, if it has: they share the search, and rank 0 alone speaks and writes.</summary>
internal static class MpiRun
{
    /// <summary>Makes all ranks but the first silent, before anything is written.</summary>
    public static void LetRank0Speak()
    {
        if (NumberOf("OMPI_COMM_WORLD_SIZE") < 2)
            return;
        // Each rank has a terminal of its own, which is none: what .NET writes to prepare it would come out of mpirun.
        Environment.SetEnvironmentVariable("TERM", "dumb");
        if (NumberOf("OMPI_COMM_WORLD_RANK") == 0)
            return;
        Console.SetOut(TextWriter.Null);
        Console.SetError(TextWriter.Null);
    }

    /// <summary>Writes an error of this rank, silent as it is otherwise.</summary>
    public static void Complain(string error)
    {
        using var writer = new StreamWriter(Console.OpenStandardError());
        writer.WriteLine(error);
    }

    /// <summary>Connects the ranks; null for a process by itself, which loads no MPI library.</summary>
    /// <exception cref="IOException">The library is not there.</exception>
    public static Communicator? Start()
    {
        if (NumberOf("OMPI_COMM_WORLD_SIZE") < 2)
            return null;
        try
        {
            return MpiCommunicator.Start();
        }
        catch (DllNotFoundException missing)
        {
            throw new IOException(missing.Message, missing);
        }
    }

    /// <summary>Reads the data on each rank.</summary>
    /// <exception cref="InvalidDataException">A rank has another file.</exception>
    public static LearningTask Read(Communicator? ranks, Func<LearningTask> read)
    {
        if (ranks is null)
            return read();
        LearningTask? task = null;
        byte[][] files = ranks.TakeTurns(ranks.Size, _ =>
        {
            task = read();
            using FileStream file = File.OpenRead(task.Request.Dataset);
            return SHA256.HashData(file);
        });
        for (int rank = 1; rank < files.Length; rank++)
        {
            if (!files[rank].AsSpan().SequenceEqual(files[0]))
                throw new InvalidDataException($"{task!.Request.Dataset} is another file on rank {rank} than on rank 0.");
        }
        return task!;
    }

    // Open MPI's mpirun says it; 0 where it does not.
    private static int NumberOf(string variable)
        => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : 0;
}
