using Microsoft.ML.Lstm.Engine.Files;

namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>A value of a graph: what it is for any row and any step.</summary>
/// <param name="Axes">Its axes.</param>
/// <param name="Elements">Its elements, as many as <see cref="Axes.Count"/> says.</param>
internal sealed record GraphValue(Axes Axes, Elements Elements)
{
    /// <summary>Whether the rows were put into the order of their lengths.</summary>
    public bool IsSorted { get; init; }

    /// <summary>Whether each row's steps stand from the last to the first.</summary>
    public bool IsReversed { get; init; }

    /// <summary>The same elements along other axes.</summary>
    public GraphValue As(Axes axes) => this with { Axes = axes };

    /// <summary>Some of the elements, or all in another order.</summary>
    public GraphValue Select(Axes axes, int[] places, Budget budget)
        => this with { Axes = axes, Elements = Elements.Select(places, budget) };

    /// <summary>
    /// Constants that are all the same as one: as if along axes of size 1. It also makes those fit that have the rows of the batch that the
    /// file was written with.
    /// </summary>
    public GraphValue AsOne(Budget budget) => Elements switch
    {
        Floats { Values: { Length: > 0 } numbers } when !numbers.AsSpan().ContainsAnyExcept(numbers[0]) => One(budget),
        Integers { Values: { Length: > 0 } integers } when !integers.AsSpan().ContainsAnyExcept(integers[0]) => One(budget),
        _ => this,
    };

    private GraphValue One(Budget budget) => Select(new Axes(Enumerable.Repeat<AxisPart[]>([], Axes.Rank)), [0], budget);

    public GraphValue BroadcastTo(Axes axes, Budget budget)
        => Axes.Count == axes.Count && Axes.Rank == axes.Rank ? As(axes) : Select(axes, Axes.MapFrom(axes, budget), budget);
}

/// <summary>The elements of a value.</summary>
internal abstract class Elements
{
    public abstract int Count { get; }

    /// <summary>What they are, for a message.</summary>
    public abstract string Kind { get; }

    /// <exception cref="InvalidDataException">They take more memory than there is; so do the other methods.</exception>
    public abstract Elements Select(int[] places, Budget budget);

    /// <summary>Elements one behind the other.</summary>
    public virtual Elements Range(int start, int count, Budget budget) => Select([.. Enumerable.Range(start, count)], budget);

    /// <summary>These elements and, behind them, those of others; null where they are of different kinds.</summary>
    public abstract Elements? Join(IReadOnlyList<Elements> all, Budget budget);
}

/// <summary>Elements that are kept in an array.</summary>
internal abstract class ArrayElements<T, TSelf>(T[] values) : Elements
    where TSelf : ArrayElements<T, TSelf>
{
    public T[] Values { get; } = values;

    public override int Count => Values.Length;

    public T this[int index] => Values[index];

    public override Elements Select(int[] places, Budget budget) => Create(Array.ConvertAll(places, place => Values[place]));

    public override Elements? Join(IReadOnlyList<Elements> all, Budget budget)
    {
        if (!all.All(each => each is TSelf))
            return null;
        T[] joined = new T[all.Sum(each => each.Count)];
        int start = 0;
        foreach (TSelf each in all.Cast<TSelf>())
        {
            each.Values.CopyTo(joined, start);
            start += each.Count;
        }
        return Create(joined);
    }

    public override Elements Range(int start, int count, Budget budget) => Create(Values[start..(start + count)]);

    protected abstract Elements Create(T[] values);
}

/// <summary>Known numbers.</summary>
internal sealed class Floats(float[] values) : ArrayElements<float, Floats>(values)
{
    public override string Kind => "constants";

    public bool AreZero => !Values.AsSpan().ContainsAnyExcept(0f);

    protected override Elements Create(float[] values) => new Floats(values);

    public override Elements? Join(IReadOnlyList<Elements> all, Budget budget)
        => base.Join(all, budget) ?? Forms.JoinAll(all, budget);
}

/// <summary>Known whole numbers, or 0 and 1 for no and yes.</summary>
internal sealed class Integers(long[] values) : ArrayElements<long, Integers>(values)
{
    public override string Kind => "whole numbers";

    /// <summary>Whether they are 0, 1, 2 and so on.</summary>
    public bool CountsUp => Values.Select((value, place) => value == place).All(isSame => isSame);

    protected override Elements Create(long[] values) => new Integers(values);

    public override Elements? Join(IReadOnlyList<Elements> all, Budget budget)
        => base.Join(all, budget) ?? Sizes.JoinAll(all);
}

/// <summary>Sizes of axes, and what is computed of them.</summary>
internal sealed class Sizes(Size[] values) : ArrayElements<Size, Sizes>(values)
{
    public override string Kind => "sizes";

    protected override Elements Create(Size[] values) => Of(values);

    /// <summary>Sizes; those that are all known are whole numbers.</summary>
    public static Elements Of(Size[] values)
        => values.All(size => size.IsKnown) ? new Integers([.. values.Select(size => size.Value)]) : new Sizes(values);

    /// <summary>Elements as sizes; null where they are none.</summary>
    public static Size[]? From(Elements elements) => elements switch
    {
        Sizes sizes => sizes.Values,
        Integers integers => Array.ConvertAll(integers.Values, Size.Of),
        _ => null,
    };

    public override Elements? Join(IReadOnlyList<Elements> all, Budget budget) => JoinAll(all);

    public static Elements? JoinAll(IReadOnlyList<Elements> all)
        => all.All(each => each is Sizes or Integers) ? Of([.. all.SelectMany(each => From(each)!)]) : null;
}

/// <summary>The tokens of a step, of one column or of several.</summary>
internal sealed class Tokens(TokenInput[] values) : ArrayElements<TokenInput, Tokens>(values)
{
    public override string Kind => "tokens";

    protected override Elements Create(TokenInput[] values) => new Tokens(values);
}

/// <summary>A token of each step.</summary>
/// <param name="Input">The number of the graph's input, counted from 0.</param>
/// <param name="Index">Which of the tokens that the input has for a step.</param>
/// <param name="Most">The largest; larger ones are taken for <paramref name="Otherwise"/>.</param>
/// <param name="Otherwise">What a larger one is taken for.</param>
internal sealed record TokenInput(int Input, int Index, long Most = long.MaxValue, long Otherwise = 0)
{
    /// <summary>What stands for each token, from 0 on; null for the tokens themselves.</summary>
    public long[]? Rows { get; init; }
}

/// <summary>What is known of a row or a step, apart from its features.</summary>
internal enum Fact
{
    /// <summary>The number of steps of the row.</summary>
    Length,

    /// <summary>The row's last step, counted from 0.</summary>
    LastStep,

    /// <summary>The step, counted from 0.</summary>
    Step,

    /// <summary>Whether the step is one of the row.</summary>
    IsStep,

    /// <summary>Whether the step is behind the row's end.</summary>
    IsBehind,

    /// <summary>The row, counted from 0.</summary>
    Row,

    /// <summary>The row that comes next when the longest come first.</summary>
    RowByLength,

    /// <summary>Where a row is when the longest come first.</summary>
    PlaceByLength,

    /// <summary>The place of the row's first step where the steps of all rows stand one behind the other.</summary>
    FirstPlace,

    /// <summary>The place of the row's last step there.</summary>
    LastPlace,

    /// <summary>Whether a token is larger than the largest that is known.</summary>
    IsBeyond,
}

/// <summary>Facts about each row or step.</summary>
internal sealed class Facts(Fact[] values) : ArrayElements<Fact, Facts>(values)
{
    /// <summary>The token that <see cref="Fact.IsBeyond"/> is about, and the largest that is known.</summary>
    public (TokenInput? Token, long Most) Beyond { get; init; }

    public override string Kind => "lengths, steps or masks";

    public Fact? Single => Values.Length > 0 && Values.All(fact => fact == Values[0]) ? Values[0] : null;

    protected override Elements Create(Fact[] values) => new Facts(values) { Beyond = Beyond };
}
