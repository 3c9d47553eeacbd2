using System.Diagnostics;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Tests.Sequences;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.Lstm.Tests.Onnx;

/// <summary>A transformer's export in ONNX Runtime, beside the transformer.</summary>
internal sealed class OnnxRun : IDisposable
{
    private const int LongestWord = 8;

    private readonly MLContext _ml = new(seed: 1);
    private readonly SequencePredictionTransformer _transformer;
    private readonly InferenceSession _session;

    public OnnxRun(SequencePredictionTransformer transformer)
    {
        _transformer = transformer;
        var stream = new MemoryStream();
        transformer.ExportToOnnx(stream);
        Model = stream.ToArray();
        _session = Load(Model);
    }

    /// <summary>The bytes of the file.</summary>
    public byte[] Model { get; }

    /// <summary>What the file says of keys.</summary>
    public Dictionary<string, string> Metadata => _session.ModelMetadata.CustomMetadataMap;

    /// <summary>
    /// A model ready to run; in build/accept.sh the checker of the Python package onnx, if the system has it, sees it before.
    /// </summary>
    public static InferenceSession Load(byte[] model)
    {
        AssertNothingIsUnused(model);
        if (Acceptance.IsFull)
            Check(model);
        using var options = new SessionOptions { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        return new InferenceSession(model, options);
    }

    /// <summary>Rows of which each has some number of steps, with features from -1 to 1.</summary>
    public static Example[] Rows(int seed, params int[] lengths)
    {
        var random = new Random(seed);
        return [.. lengths.Select(steps => new Example
        {
            Features = [.. Enumerable.Range(0, 2 * steps).Select(_ => random.NextSingle() * 2 - 1)],
            Tokens = [.. Enumerable.Range(0, steps).Select(_ => (uint)random.Next(Example.Vocabulary + 1))],
            Shapes = [.. Enumerable.Range(0, steps).Select(_ => (byte)random.Next(5))],
            // Known characters, unknown ones and no words.
            Words = [.. Enumerable.Range(0, steps).Select(t => t % 5 == 4 ? "" : $"{(char)('a' + steps % 26)}\u6f22low{t}"[..(1 + t % 6)])],
            StepClasses = [.. Enumerable.Range(0, steps).Select(_ => 1u)],
            StepValues = new float[2 * steps],
            StepTruths = new bool[2 * steps],
            StepClassNames = [.. Enumerable.Range(0, steps).Select(_ => "low")],
            Statics = [random.NextSingle(), random.NextSingle()],
            Labels = new float[3],
        })];
    }

    /// <summary>
    /// ONNX Runtime says of all rows in one batch what the transformer says: numbers to a hundred-thousandth of the largest, keys and
    /// booleans exactly.
    /// </summary>
    /// <param name="rows">The rows.</param>
    /// <param name="hasLengths">Whether the lengths are given; else all rows have to be as long.</param>
    public void AssertSame(Example[] rows, bool hasLengths = true)
    {
        Dictionary<string, (Array Values, int[] Shape)> results = Score(rows, hasLengths);
        IDataView scored = _transformer.Transform(AnyTrainer.Data(_ml, rows));
        DataViewSchema.Column[] columns = [.. scored.Schema.Where(column => results.ContainsKey(column.Name) && !column.IsHidden)];
        Assert.HasCount(results.Count, columns);
        foreach (DataViewSchema.Column column in columns)
        {
            (Array values, int[] shape) = results[column.Name];
            Assert.AreEqual(rows.Length, shape[0], column.Name);
            int width = values.Length / rows.Length;
            double[] actual = [.. values.Cast<object>().Select(Convert.ToDouble)];
            double[][] expected = Numbers(scored, column);
            double scale = Math.Max(0.1, expected.SelectMany(row => row).Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max());
            for (int i = 0; i < rows.Length; i++)
            {
                bool isUnscored = column.Type is VectorDataViewType { Size: 0 } && expected[i].Length == 0;
                Assert.IsTrue(isUnscored || expected[i].Length <= width, $"{column.Name}: {expected[i].Length} of {width}");
                for (int j = 0; j < width; j++)
                {
                    double value = actual[i * width + j], wanted = isUnscored
                        ? (values is float[]? double.NaN : 0)
                        : j < expected[i].Length ? expected[i][j] : 0;
                    if (!double.IsNaN(wanted) || !double.IsNaN(value))
                        Assert.AreEqual(wanted, value, 1e-5 * scale, $"{column.Name}, row {i} of {rows.Length}, {j} of {width}");
                }
            }
        }
    }

    /// <summary>What ONNX Runtime says of all rows in one batch, with numbers behind the end of rows that are to have no effect.</summary>
    public Dictionary<string, (Array Values, int[] Shape)> Score(Example[] rows, bool hasLengths = true)
    {
        int[] lengths = [.. rows.Select(row => row.Features.Length / 2)];
        int steps = lengths.Max();
        var inputs = new List<NamedOnnxValue>();
        foreach ((string name, NodeMetadata input) in _session.InputMetadata)
        {
            inputs.Add(name switch
            {
                "Features" => NamedOnnxValue.CreateFromTensor(name, Padded(row => row.Features, 2, float.NaN)),
                "More" => NamedOnnxValue.CreateFromTensor(name, Padded(row => [.. row.Features.Where((_, i) => i % 2 == 0)], 1, 7f)),
                "Tokens" => NamedOnnxValue.CreateFromTensor(name, Padded(row => row.Tokens, 0, 99u)),
                "Shapes" => NamedOnnxValue.CreateFromTensor(name, Padded(row => [.. row.Shapes.Select(shape => (uint)shape)], 0, 2u)),
                "Words" => NamedOnnxValue.CreateFromTensor(name, Padded(row => [.. row.Words.SelectMany(word =>
                    word.PadRight(LongestWord, '\0').Select(character => (uint)character))], LongestWord, (uint)'z')),
                _ => NamedOnnxValue.CreateFromTensor(name,
                    new DenseTensor<float>(rows.SelectMany(row => row.Statics).ToArray(), [rows.Length, 2])),
            });
        }
        if (hasLengths)
            inputs.Add(NamedOnnxValue.CreateFromTensor("Lengths",
                new DenseTensor<long>(Array.ConvertAll(lengths, length => (long)length), [rows.Length])));
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = _session.Run(inputs);
        return results.ToDictionary(result => result.Name, result => result.Value switch
        {
            Tensor<float> tensor => ((Array)tensor.ToArray(), tensor.Dimensions.ToArray()),
            Tensor<uint> tensor => (tensor.ToArray(), tensor.Dimensions.ToArray()),
            Tensor<bool> tensor => (tensor.ToArray(), tensor.Dimensions.ToArray()),
            var other => throw new NotSupportedException($"{other}"),
        });

        DenseTensor<T> Padded<T>(Func<Example, T[]> values, int width, T padding)
            where T : struct
        {
            int size = steps * Math.Max(width, 1);
            T[] all = new T[rows.Length * size];
            Array.Fill(all, padding);
            for (int i = 0; i < rows.Length; i++)
                values(rows[i]).CopyTo(all, i * size);
            return new DenseTensor<T>(all, width > 0 ? [rows.Length, steps, width] : [rows.Length, steps]);
        }
    }

    /// <summary>ONNX Runtime warns of what nobody reads.</summary>
    private static void AssertNothingIsUnused(byte[] model)
    {
        GraphProto graph = ModelProto.Parser.ParseFrom(model).Graph;
        HashSet<string> read = [.. NodesOf(graph).SelectMany(node => node.Input), .. GraphsOf(graph).SelectMany(part => part.Output)
            .Select(output => output.Name)];
        string[] unused =
        [
            .. graph.Initializer.Select(constant => constant.Name).Where(name => !read.Contains(name)),
            .. NodesOf(graph).Where(node => !node.Output.Any(read.Contains)).Select(node => node.Name),
        ];
        Assert.AreEqual("", string.Join(", ", unused));

        static IEnumerable<GraphProto> GraphsOf(GraphProto graph)
            => graph.Node.SelectMany(node => node.Attribute).Select(attribute => attribute.G).OfType<GraphProto>().Prepend(graph);

        static IEnumerable<NodeProto> NodesOf(GraphProto graph) => GraphsOf(graph).SelectMany(part => part.Node);
    }

    private static void Check(byte[] model)
    {
        string path = Path.GetTempFileName();
        File.WriteAllBytes(path, model);
        var start = new ProcessStartInfo("/usr/bin/python3") { RedirectStandardError = true };
        foreach (string argument in (string[])["-c", $"import onnx; onnx.checker.check_model('{path}', full_check=True)"])
            start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        File.Delete(path);
        Assert.IsTrue(process.ExitCode == 0 || errors.Contains("No module named 'onnx'", StringComparison.Ordinal), errors);
    }

    public void Dispose() => _session.Dispose();

    private static double[][] Numbers(IDataView data, DataViewSchema.Column column)
    {
        DataViewType item = column.Type is VectorDataViewType vector ? vector.ItemType : column.Type;
        return item.RawType == typeof(float) ? Read<float>()
            : item.RawType == typeof(uint) ? Read<uint>()
            : Read<bool>();

        double[][] Read<T>()
        {
            using DataViewRowCursor cursor = data.GetRowCursor([column]);
            var rows = new List<double[]>();
            if (column.Type is VectorDataViewType)
            {
                ValueGetter<VBuffer<T>> getVector = cursor.GetGetter<VBuffer<T>>(column);
                VBuffer<T> values = default;
                while (cursor.MoveNext())
                {
                    getVector(ref values);
                    rows.Add([.. values.DenseValues().Select(value => Convert.ToDouble(value))]);
                }
                return [.. rows];
            }
            ValueGetter<T> get = cursor.GetGetter<T>(column);
            T scalar = default!;
            while (cursor.MoveNext())
            {
                get(ref scalar);
                rows.Add([Convert.ToDouble(scalar)]);
            }
            return [.. rows];
        }
    }
}
