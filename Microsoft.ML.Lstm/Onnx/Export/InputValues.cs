using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Onnx.Export;

/// <summary>What a network reads, as values of a graph.</summary>
/// <param name="Numbers">The features of a step, [B x T x F], in parts, one behind the other.</param>
/// <param name="Tokens">Keys, [B x T] whole numbers of any type, for each table of embeddings; 0 is the missing key.</param>
/// <param name="Statics">The static features, [B x S]; null for none.</param>
/// <param name="Lengths">The steps of each row, [B] or one for all of them; null where each row is as long as the time axis.</param>
/// <param name="Characters">The steps' words by their characters, [B x T x C], see <see cref="CharacterValues"/>; null for none.</param>
internal sealed record NetworkInputs(string[] Numbers, string[] Tokens, string? Statics, string? Lengths, string? Characters = null);

/// <summary>The inputs of a network written into a graph: B rows of up to T steps, scaled, and which rows can't be scored.</summary>
internal sealed class InputValues : StepValues
{
    // Numbers beyond it are not told apart by the scaler either.
    private const float Largest = 1e18f;

    private readonly string _first;

    /// <summary>Writes the inputs.</summary>
    public InputValues(OnnxGraph graph, SequenceModel model, NetworkInputs inputs)
        : base(graph)
    {
        _first = inputs.Numbers.Concat(inputs.Tokens).First();
        if (inputs.Lengths is not null)
        {
            string steps = graph.SizeOf(_first, axis: 1), range = graph.Range(steps);
            string within = graph.Node("Min", [graph.Node("Max", [inputs.Lengths, graph.Vector(0)]), steps]);
            Lengths = graph.Named("lengths", "Expand", [within, graph.SizeOf(_first, axis: 0)]);
            IsStep = graph.Named("is_step", "Less", [range, graph.Reshape(Lengths, -1, 1)]);
        }
        string? numbers = inputs.Numbers.Length > 0 ? graph.Concat(axis: 2, inputs.Numbers) : null;
        Fault = FaultOf(numbers, inputs.Statics);
        Numbers = numbers is null ? null : Scale("scaled", numbers, model.InputScaler);
        Statics = inputs.Statics is null ? null : Scale("statics", inputs.Statics, model.StaticScaler);
        Tokens = inputs.Tokens;
        Characters = inputs.Characters;
    }

    /// <summary>
    /// [B x 1]: NaN for a row that can't be scored (no steps, NaN or infinity in one or in static features), else 0; it is added to
    /// results.
    /// </summary>
    public string Fault { get; }

    /// <summary>The scaled numbers of the steps, [B x T x F]; null for none.</summary>
    public string? Numbers { get; }

    /// <summary>The keys of the steps, [B x T], for each table of embeddings.</summary>
    public string[] Tokens { get; }

    /// <summary>The steps' words by their characters, [B x T x C]; null for none.</summary>
    public string? Characters { get; }

    /// <summary>The scaled static features, [B x S]; null for none.</summary>
    public string? Statics { get; }

    /// <summary>B, as a vector of one number.</summary>
    public string Rows => Graph.SizeOf(_first, axis: 0);

    /// <summary>T, as a vector of one number.</summary>
    public string Steps => Graph.SizeOf(_first, axis: 1);

    // A number times 0 is 0 if it is finite, else NaN.
    private string FaultOf(string? numbers, string? statics)
    {
        string zero = Graph.Constant("zero", 0);
        string length = Lengths is null ? Graph.SizeOf(_first, axis: 1) : Graph.Reshape(Lengths, -1, 1);
        string isEmpty = Graph.Node("Equal", [length, Graph.Vector(0)]);
        var faults = new List<string> { Graph.Node("Where", [isEmpty, Graph.Constant("missing", float.NaN), zero]) };
        if (numbers is not null)
        {
            string fault = Graph.ReduceMean(WithinRows(Graph.Node("Mul", [numbers, zero]), 0), 1, 2);
            faults.Add(Graph.Reshape(fault, 0, 1));
        }
        if (statics is not null)
            faults.Add(Graph.ReduceMean(Graph.Node("Mul", [statics, zero]), 1));
        return faults.Aggregate((sum, fault) => Graph.Node("Add", [sum, fault]));
    }

    private string Scale(string name, string value, AffineScaler scaler)
    {
        string scaled = value;
        if (!scaler.IsIdentity)
        {
            string centred = Graph.Node("Sub", [value, Graph.Constant($"{name}.offset", scaler.Offset, scaler.Size)]);
            // The difference of two large numbers may overflow, and infinity times the scale of a feature that never varied is NaN.
            if (scaler.Constants.Any())
            {
                string finite = Graph.Node("Max", [centred, Graph.Constant("lowest", float.MinValue)]);
                centred = Graph.Node("Min", [finite, Graph.Constant("highest", float.MaxValue)]);
            }
            scaled = Graph.Node("Mul", [centred, Graph.Constant($"{name}.scale", scaler.Scale, scaler.Size)]);
        }
        string notBelow = Graph.Node("Max", [scaled, Graph.Constant("least", -Largest)]);
        return Graph.Named(name, "Min", [notBelow, Graph.Constant("largest", Largest)]);
    }
}
