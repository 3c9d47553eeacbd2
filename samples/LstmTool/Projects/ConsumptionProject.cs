using LstmTool.Tasks;
using Microsoft.ML;

namespace LstmTool.Projects;

/// <summary>The project that uses a model, laid out as Model Builder lays it out.</summary>
internal static class ConsumptionProject
{
    public const string ModelFile = "model.zip";

    /// <summary>Writes all files into a folder.</summary>
    /// <exception cref="IOException">A file can't be written.</exception>
    public static void Write(TrainedTask trained, string folder)
    {
        // Of ML.NET's own writing to a path a full disk would go unnoticed.
        using var memory = new MemoryStream();
        trained.Context.Model.Save(trained.Model, trained.Table.View().Schema, memory);
        File.WriteAllBytes(Path.Combine(folder, ModelFile), memory.ToArray());
    }
}
