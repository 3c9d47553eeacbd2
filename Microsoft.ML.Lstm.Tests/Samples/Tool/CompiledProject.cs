using System.Reflection;
using LstmTool.Projects;
using LstmTool.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool;

/// <summary>The class of a consumption project, compiled.</summary>
internal static class CompiledProject
{
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        """;

    /// <summary>The class, but for its training if the pipeline has no code.</summary>
    public static Type Compile(TrainedTask trained)
    {
        var classes = new ModelClasses(trained);
        var parse = new CSharpParseOptions(LanguageVersion.LatestMajor);
        MetadataReference[] references = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path))];
        string[] sources =
        [
            classes.Consumption(), new RowReader(trained, classes).Code(), ImplicitUsings,
            .. trained.Code.Pipeline == "" ? (string[])[] : [classes.Training()],
        ];
        var compilation = CSharpCompilation.Create(Guid.NewGuid().ToString("N"),
            sources.Select(source => CSharpSyntaxTree.ParseText(source, parse)), references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        using var assembly = new MemoryStream();
        EmitResult result = compilation.Emit(assembly);
        Assert.IsTrue(result.Success, string.Join('\n', result.Diagnostics));
        return Assembly.Load(assembly.ToArray()).GetType(trained.Name)!;
    }
}
