using System.Reflection;
using LstmTool.Projects;
using LstmTool.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
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

    /// <summary>
    /// The names that its code has for members and, where nothing is before them, for types: a class of such a name would hide them.
    /// </summary>
    public static IEnumerable<string> NamesIn(TrainedTask trained)
    {
        var classes = new ModelClasses(trained);
        foreach (string source in new[] { classes.Consumption(), new RowReader(trained, classes).Code(), classes.Training() })
        {
            SyntaxNode root = CSharpSyntaxTree.ParseText(source).GetRoot();
            ClassDeclarationSyntax project = root.DescendantNodes().OfType<ClassDeclarationSyntax>().First();
            foreach (SyntaxNode node in project.DescendantNodes())
            {
                string? name = node switch
                {
                    MethodDeclarationSyntax method when method.Parent == project => method.Identifier.ValueText,
                    PropertyDeclarationSyntax property when property.Parent == project => property.Identifier.ValueText,
                    ClassDeclarationSyntax nested => nested.Identifier.ValueText,
                    VariableDeclaratorSyntax { Parent.Parent: FieldDeclarationSyntax } field => field.Identifier.ValueText,
                    SimpleNameSyntax { Parent: AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax } } => null,
                    SimpleNameSyntax { Parent: not MemberAccessExpressionSyntax } simple => simple.Identifier.ValueText,
                    MemberAccessExpressionSyntax { Expression: SimpleNameSyntax simple } => simple.Identifier.ValueText,
                    _ => null,
                };
                if (name is not null)
                    yield return name;
            }
        }
    }

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
