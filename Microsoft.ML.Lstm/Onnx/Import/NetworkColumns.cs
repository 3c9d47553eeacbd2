using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>The inputs of a network that is made of a graph: numbers and tokens of steps, and static features.</summary>
internal sealed class NetworkColumns
{
    private readonly Dictionary<int, int> _firstNumbers = [];
    private readonly Dictionary<TokenInput, int> _firstOfTokens = [];
    private readonly List<(EmbeddingSource Source, EmbeddingRows Rows)> _tables = [];
    private readonly ColumnScaling _numbers;
    private readonly ColumnScaling _statics;
    private readonly int? _staticInput;

    /// <param name="inputs">The graph's inputs.</param>
    /// <param name="layers">The directions of the first layer.</param>
    /// <param name="head">What the outputs are made of.</param>
    /// <param name="options">How tokens are numbered.</param>
    /// <param name="budget">Memory.</param>
    public NetworkColumns(GraphInput[] inputs, RecurrentSource[] layers, Forms head, OnnxImportOptions options, Budget budget)
    {
        var names = new List<string>();
        var sizes = new List<int>();
        foreach (InputSource source in inputs.Select(input => (input.Value.Elements as Forms)?.Atoms[0].Source).OfType<InputSource>())
        {
            if (source.IsOfSteps)
            {
                _firstNumbers.Add(source.Input, NumericSize);
                NumericSize += source.Count;
                names.Add(source.Name);
                sizes.Add(source.Count);
                continue;
            }
            if (StaticInputName is not null)
                throw new NotSupportedException($"ONNX: inputs {OnnxText.Quote(StaticInputName)} and {OnnxText.Quote(source.Name)} are "
                    + "both of whole rows; networks of ours read one such.");
            (StaticInputName, _staticInput, StaticSize) = (source.Name, source.Input, source.Count);
        }
        InputSize = NumericSize;
        IEnumerable<EmbeddingSource> embeddings = layers.SelectMany(layer => layer.Input.Atoms).Select(atom => atom.Source)
            .OfType<EmbeddingSource>().Distinct();
        foreach (EmbeddingSource source in embeddings.OrderBy(source => source.Token.Input).ThenBy(source => source.Token.Index))
        {
            GraphInput input = inputs[source.Token.Input];
            if (!_firstOfTokens.TryAdd(source.Token, InputSize))
                throw new NotSupportedException(
                    $"ONNX: tokens of input {OnnxText.Quote(input.Name)} have two vectors each; ours have one.");
            _tables.Add((source, EmbeddingRows.Of(source, options.KeysAreTokens ?? input.HasKeys, options.UnknownToken, input.Name,
                budget)));
            InputSize += source.Table.Size;
            names.Add(input.Value.Elements.Count == 1 ? input.Name : $"{input.Name}.{source.Token.Index}");
        }
        if (InputSize == 0)
            throw new NotSupportedException("ONNX: the network reads neither numbers nor tokens of steps.");
        (InputNames, NumericSizes) = ([.. names], [.. sizes]);
        _numbers = new ColumnScaling(NumericSize);
        _statics = new ColumnScaling(StaticSize);
        foreach (Forms forms in layers.Select(layer => layer.Input).Append(head))
        {
            for (int i = 0; i < forms.Atoms.Length; i++)
            {
                if (forms.Atoms[i].Source is InputSource source)
                    (source.IsOfSteps ? _numbers : _statics).See(IndexOf(source, forms.Atoms[i]), forms.Scale[i], forms.Shift[i]);
            }
        }
        InputScaler = _numbers.ToScaler();
        StaticScaler = _statics.ToScaler();
    }

    /// <summary>F.</summary>
    public int NumericSize { get; }

    /// <summary>I.</summary>
    public int InputSize { get; }

    /// <summary>S.</summary>
    public int StaticSize { get; }

    /// <summary>Those of numbers first, then those of tokens.</summary>
    public string[] InputNames { get; }

    /// <summary>The features that each input of numbers has for a step.</summary>
    public int[] NumericSizes { get; }

    public string? StaticInputName { get; }

    public ValueList<EmbeddingShape> Embeddings => new([.. _tables.Select(table => table.Rows.Shape)]);

    public AffineScaler InputScaler { get; }

    public AffineScaler StaticScaler { get; }

    /// <summary>All numbers of the scalers.</summary>
    public IEnumerable<float> Scalers => [.. InputScaler.Scale, .. InputScaler.Offset, .. StaticScaler.Scale, .. StaticScaler.Offset];

    /// <summary>
    /// Where an atom is in what the first layer reads, or a static feature among these, and what it is of the scaled one.
    /// </summary>
    public (int Column, double Factor, double Shift) Find(Atom atom, double scale, double shift)
    {
        if (atom.Source is EmbeddingSource embedding)
            return (_firstOfTokens[embedding.Token] + atom.Index, scale, shift);
        var source = (InputSource)atom.Source!;
        int column = IndexOf(source, atom);
        (double factor, double rest) = (source.IsOfSteps ? _numbers : _statics).Map(column, scale, shift);
        return (column, factor, rest);
    }

    public void FillEmbeddings(ParameterSet parameters)
    {
        for (int i = 0; i < _tables.Count; i++)
            _tables[i].Rows.Fill(parameters[ParameterSet.EmbeddingName(i)]);
    }

    private int IndexOf(InputSource source, Atom atom) => atom.Index + (source.Input == _staticInput ? 0 : _firstNumbers[source.Input]);
}

/// <summary>The scaling of numbers that a graph scales before it does anything else with them.</summary>
internal sealed class ColumnScaling(int size)
{
    private readonly (double Scale, double Shift)?[] _seen = new (double, double)?[size];
    private readonly bool[] _differs = new bool[size];

    /// <summary>A number is scaled so somewhere.</summary>
    public void See(int column, double scale, double shift)
    {
        _differs[column] |= (_seen[column] ?? (scale, shift)) != (scale, shift);
        _seen[column] = (scale, shift);
    }

    /// <summary>The scaler of those that are scaled in the same way everywhere.</summary>
    public AffineScaler ToScaler()
    {
        var scaler = AffineScaler.Identity(size);
        for (int i = 0; i < size; i++)
        {
            if (IsScaled(i) && _seen[i] is var (scale, shift))
                (scaler.Scale[i], scaler.Offset[i]) = ((float)scale, scale == 0 ? 0 : (float)(-shift / scale));
        }
        return scaler;
    }

    /// <summary>What a use is of the scaled number: a factor and a shift.</summary>
    public (double Factor, double Shift) Map(int column, double scale, double shift) => !IsScaled(column) ? (scale, shift)
        : scale == 0 ? (0, shift)
        : (1, 0);

    private bool IsScaled(int column) => !_differs[column] && _seen[column] is var (scale, shift)
        && scale >= 0 && float.IsFinite((float)scale) && (scale == 0 || float.IsFinite((float)(-shift / scale)));
}
