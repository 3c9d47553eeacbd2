using System.Reflection;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Emit;

namespace Microsoft.ML.Lstm.Tests.Documentation;

/// <summary>
/// A program that a page shows. A block that begins with a using directive begins a program, and blocks without one go on with it: its
/// statements come behind those of the blocks before, its types behind the statements. What is written as <c>output</c> belongs to it.
/// </summary>
internal sealed class DocumentedProgram
{
    // What `dotnet new console` gives a program.
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.LatestMajor);

    private static readonly MetadataReference[] References =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path))];

    private readonly List<MarkdownBlock> _blocks = [];
    private readonly List<MarkdownBlock> _outputs = [];

    public MarkdownBlock First => _blocks[0];

    /// <summary>Page and line, as test results show them.</summary>
    public override string ToString() => $"{First.Page}:{First.Line}";

    /// <summary>The programs of a page.</summary>
    public static List<DocumentedProgram> Read(IEnumerable<MarkdownBlock> blocks)
    {
        List<DocumentedProgram> programs = [];
        foreach (MarkdownBlock block in blocks.Where(block => !block.IsExempt))
        {
            if (block.Language == "csharp")
            {
                if (programs.Count == 0 || Parse(block).Usings.Count > 0)
                    programs.Add(new DocumentedProgram());
                programs[^1]._blocks.Add(block);
            }
            else if (block.Language == "output")
            {
                programs[^1]._outputs.Add(block);
            }
        }
        return programs;
    }

    /// <summary>Its source, as a reader would put it into Program.cs.</summary>
    public string Source => SourceOf(withLines: false);

    /// <summary>Compiles it, runs it in an empty folder, and compares what it prints with what the page says.</summary>
    /// <returns>What it prints.</returns>
    public string Run()
    {
        string printed = Print(Compile());
        AssertPrints(printed);
        return printed;
    }

    /// <summary>Compares what it has printed with what the page says.</summary>
    public void AssertPrints(string printed)
    {
        foreach (MarkdownBlock output in _outputs)
            PrintedText.AssertHas(output, printed);
    }

    private static string Print(MethodInfo entryPoint)
    {
        string folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName, before = Environment.CurrentDirectory;
        TextWriter console = Console.Out;
        var printed = new StringWriter();
        try
        {
            Environment.CurrentDirectory = folder;
            Console.SetOut(printed);
            object?[] arguments = entryPoint.GetParameters().Length == 0 ? [] : [Array.Empty<string>()];
            entryPoint.Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null);
        }
        finally
        {
            Console.SetOut(console);
            Environment.CurrentDirectory = before;
            Console.WriteLine(printed);
            Directory.Delete(folder, recursive: true);
        }
        return printed.ToString();
    }

    private MethodInfo Compile()
    {
        // As in a project: two versions of a reference are no warning.
        var options = new CSharpCompilationOptions(OutputKind.ConsoleApplication, optimizationLevel: OptimizationLevel.Release,
            nullableContextOptions: NullableContextOptions.Enable,
            specificDiagnosticOptions: [new("CS1701", ReportDiagnostic.Suppress), new("CS1702", ReportDiagnostic.Suppress)]);
        // ML.NET makes code for a program's types, so that each program needs a name of its own.
        var compilation = CSharpCompilation.Create($"{First.Page.Replace('/', '.')}.{First.Line}",
            [CSharpSyntaxTree.ParseText(SourceOf(withLines: true), ParseOptions, encoding: Encoding.UTF8),
                CSharpSyntaxTree.ParseText(ImplicitUsings, ParseOptions)],
            References, options);
        using MemoryStream assembly = new(), symbols = new();
        EmitResult result = compilation.Emit(assembly, symbols,
            options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb));
        Assert.AreEqual("", string.Join(Environment.NewLine,
            result.Diagnostics.Where(one => one.Severity >= DiagnosticSeverity.Warning)));
        return Assembly.Load(assembly.ToArray(), symbols.ToArray()).EntryPoint!;
    }

    /// <summary>The source of all blocks.</summary>
    /// <param name="withLines">Whether errors are to name the lines of the page.</param>
    private string SourceOf(bool withLines)
    {
        var source = new StringBuilder();
        Append(root => root.Usings);
        Append(root => root.Members.OfType<GlobalStatementSyntax>());
        Append(root => root.Members.Where(member => member is not GlobalStatementSyntax));
        return source.ToString();

        void Append(Func<CompilationUnitSyntax, IEnumerable<SyntaxNode>> choose)
        {
            foreach (MarkdownBlock block in _blocks)
            {
                foreach (SyntaxNode node in choose(Parse(block)))
                {
                    int line = node.SyntaxTree.GetLineSpan(node.FullSpan).StartLinePosition.Line + block.Line;
                    if (withLines)
                        source.Append($"#line {line} \"{block.Page}\"\n");
                    source.Append(node.ToFullString()).Append('\n');
                }
            }
        }
    }

    private static CompilationUnitSyntax Parse(MarkdownBlock block)
        => CSharpSyntaxTree.ParseText(block.Text, ParseOptions).GetCompilationUnitRoot();
}
