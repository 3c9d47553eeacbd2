using Microsoft.ML.Lstm.Engine.Files;

namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>A number that a graph gets from elsewhere or computes in another way than linearly.</summary>
/// <param name="Source">Where it comes from; null for a constant 1.</param>
/// <param name="Index">Which of the source's numbers.</param>
internal readonly record struct Atom(Source? Source, int Index);

/// <summary>
/// Linear combinations of atoms. First each atom is scaled and shifted; then a matrix is applied and a bias added, if there is a matrix;
/// then the results are scaled and shifted. These three stay apart, so that no digit is lost that need not be.
/// </summary>
internal sealed class Forms : Elements
{
    /// <summary>About as many as an element takes while it is computed, without a matrix.</summary>
    public const int BytesPerElement = 64;

    public required Atom[] Atoms { get; init; }

    /// <summary>The factors of the atoms.</summary>
    public required double[] Scale { get; init; }

    /// <summary>What is added to the scaled atoms.</summary>
    public required double[] Shift { get; init; }

    /// <summary>A row for each element, a column for each atom; null where the elements are the scaled atoms.</summary>
    public float[]? Matrix { get; init; }

    /// <summary>The bias of each element, where there is a matrix.</summary>
    public double[] Bias { get; init; } = [];

    /// <summary>The factors of the results of the matrix.</summary>
    public double[] OutScale { get; init; } = [];

    /// <summary>What is added to the scaled results.</summary>
    public double[] OutShift { get; init; } = [];

    public override int Count => Matrix is null ? Atoms.Length : Bias.Length;

    public override string Kind => "features";

    /// <summary>Whether the results of the matrix are scaled or shifted.</summary>
    public bool HasOuterScale => OutScale.Any(scale => scale != 1) || OutShift.Any(shift => shift != 0);

    /// <summary>The numbers of a source.</summary>
    public static Forms Of(Source source, int count) => Of([.. Enumerable.Range(0, count).Select(index => new Atom(source, index))]);

    public static Forms Of(Atom[] atoms) => new() { Atoms = atoms, Scale = Filled(atoms.Length, 1), Shift = new double[atoms.Length] };

    public static Forms OfConstants(float[] values) => new()
    {
        Atoms = new Atom[values.Length],
        Scale = new double[values.Length],
        Shift = Array.ConvertAll(values, value => (double)value),
    };

    /// <summary>The forms that elements are, constants too; null for other elements.</summary>
    public static Forms? From(Elements elements) => elements as Forms ?? (elements is Floats floats ? OfConstants(floats.Values) : null);

    public override Elements Select(int[] places, Budget budget)
    {
        if (Matrix is null)
            return new Forms { Atoms = Pick(Atoms), Scale = Pick(Scale), Shift = Pick(Shift) };
        int columns = Atoms.Length;
        float[] matrix = NewMatrix(places.Length, columns, budget);
        for (int i = 0; i < places.Length; i++)
            Matrix.AsSpan(places[i] * columns, columns).CopyTo(matrix.AsSpan(i * columns));
        return new Forms
        {
            Atoms = Atoms,
            Scale = Scale,
            Shift = Shift,
            Matrix = matrix,
            Bias = Pick(Bias),
            OutScale = Pick(OutScale),
            OutShift = Pick(OutShift),
        };

        T[] Pick<T>(T[] values) => Array.ConvertAll(places, place => values[place]);
    }

    public override Elements? Join(IReadOnlyList<Elements> all, Budget budget) => JoinAll(all, budget);

    public static Elements? JoinAll(IReadOnlyList<Elements> all, Budget budget)
    {
        Forms?[] found = [.. all.Select(From)];
        if (found.Contains(null))
            return null;
        Forms[] forms = [.. found.Select(each => each!)];
        if (Array.TrueForAll(forms, each => each.Matrix is null))
        {
            return new Forms
            {
                Atoms = [.. forms.SelectMany(each => each.Atoms)],
                Scale = [.. forms.SelectMany(each => each.Scale)],
                Shift = [.. forms.SelectMany(each => each.Shift)],
            };
        }
        return Stack([.. forms.Select(each => each.WithMatrix(budget))], isSum: false, budget);
    }

    /// <summary>The sums of these and as many others.</summary>
    public Forms Add(Forms other, Budget budget)
        => Stack([WithoutOuterScale(budget), other.WithoutOuterScale(budget)], isSum: true, budget);

    /// <summary>The elements times a factor each, plus a number each.</summary>
    public Forms ScaleBy(Func<int, double> factor, Func<int, double> shift)
    {
        if (Matrix is null)
        {
            return new Forms
            {
                Atoms = Atoms,
                Scale = [.. Scale.Select((scale, i) => scale * factor(i))],
                Shift = [.. Shift.Select((old, i) => old * factor(i) + shift(i))],
            };
        }
        double[] scales = [.. OutScale.Select((scale, i) => scale * factor(i))];
        bool isBias = !HasOuterScale && scales.All(scale => scale == 1);
        return new Forms
        {
            Atoms = Atoms,
            Scale = Scale,
            Shift = Shift,
            Matrix = Matrix,
            Bias = isBias ? [.. Bias.Select((bias, i) => bias + shift(i))] : Bias,
            OutScale = scales,
            OutShift = isBias ? OutShift : [.. OutShift.Select((old, i) => old * factor(i) + shift(i))],
        };
    }

    /// <summary>A matrix times the elements: row by row the weights of the elements.</summary>
    public Forms Multiply(float[] weights, int rows, Budget budget)
    {
        if (Matrix is null)
        {
            return new Forms
            {
                Atoms = Atoms,
                Scale = Scale,
                Shift = Shift,
                Matrix = weights,
                Bias = new double[rows],
                OutScale = Filled(rows, 1),
                OutShift = new double[rows],
            };
        }
        Forms inner = WithoutOuterScale(budget);
        int columns = Atoms.Length, count = Count;
        float[] matrix = NewMatrix(rows, columns, budget);
        double[] bias = new double[rows], sums = new double[columns];
        for (int row = 0; row < rows; row++)
        {
            Array.Clear(sums);
            for (int i = 0; i < count; i++)
            {
                double weight = weights[row * count + i];
                bias[row] += weight * inner.Bias[i];
                for (int column = 0; column < columns; column++)
                    sums[column] += weight * inner.Matrix![i * columns + column];
            }
            for (int column = 0; column < columns; column++)
                matrix[row * columns + column] = (float)sums[column];
        }
        return new Forms
        {
            Atoms = Atoms,
            Scale = Scale,
            Shift = Shift,
            Matrix = matrix,
            Bias = bias,
            OutScale = Filled(rows, 1),
            OutShift = new double[rows],
        };
    }

    /// <summary>The same forms of other atoms.</summary>
    public Forms Replace(Func<Atom, Atom> replace) => new()
    {
        Atoms = Array.ConvertAll(Atoms, atom => atom.Source is null ? atom : replace(atom)),
        Scale = Scale,
        Shift = Shift,
        Matrix = Matrix,
        Bias = Bias,
        OutScale = OutScale,
        OutShift = OutShift,
    };

    /// <summary>The same with a matrix, whose results are neither scaled nor shifted.</summary>
    public Forms WithoutOuterScale(Budget budget)
    {
        Forms forms = WithMatrix(budget);
        if (!forms.HasOuterScale)
            return forms;
        int columns = Atoms.Length;
        float[] matrix = NewMatrix(forms.Count, columns, budget);
        for (int i = 0; i < matrix.Length; i++)
            matrix[i] = (float)(forms.Matrix![i] * forms.OutScale[i / columns]);
        return new Forms
        {
            Atoms = Atoms,
            Scale = Scale,
            Shift = Shift,
            Matrix = matrix,
            Bias = [.. forms.Bias.Select((bias, i) => bias * forms.OutScale[i] + forms.OutShift[i])],
            OutScale = Filled(forms.Count, 1),
            OutShift = new double[forms.Count],
        };
    }

    /// <summary>The same with a matrix.</summary>
    public Forms WithMatrix(Budget budget)
    {
        if (Matrix is not null)
            return this;
        int count = Atoms.Length;
        float[] identity = NewMatrix(count, count, budget);
        for (int i = 0; i < count; i++)
            identity[i * count + i] = 1;
        return Multiply(identity, count, budget);
    }

    private static Forms Stack(Forms[] forms, bool isSum, Budget budget)
    {
        int columns = forms.Sum(each => each.Atoms.Length), rows = isSum ? forms[0].Count : forms.Sum(each => each.Count);
        float[] matrix = NewMatrix(rows, columns, budget);
        int row = 0, column = 0;
        foreach (Forms each in forms)
        {
            int width = each.Atoms.Length;
            for (int i = 0; i < each.Count; i++)
                each.Matrix.AsSpan(i * width, width).CopyTo(matrix.AsSpan((row + i) * columns + column));
            row += isSum ? 0 : each.Count;
            column += width;
        }
        return new Forms
        {
            Atoms = [.. forms.SelectMany(each => each.Atoms)],
            Scale = [.. forms.SelectMany(each => each.Scale)],
            Shift = [.. forms.SelectMany(each => each.Shift)],
            Matrix = matrix,
            Bias = isSum ? [.. forms[0].Bias.Zip(forms[1].Bias, (a, b) => a + b)] : [.. forms.SelectMany(each => each.Bias)],
            OutScale = isSum ? forms[0].OutScale : [.. forms.SelectMany(each => each.OutScale)],
            OutShift = isSum ? forms[0].OutShift : [.. forms.SelectMany(each => each.OutShift)],
        };
    }

    // A few nodes can ask for the product of two sizes that the file accounts for, which may be more than an int has.
    private static float[] NewMatrix(int rows, int columns, Budget budget)
    {
        budget.Take((long)rows * columns * sizeof(float));
        return new float[(long)rows * columns];
    }

    private static double[] Filled(int count, double value)
    {
        double[] values = new double[count];
        Array.Fill(values, value);
        return values;
    }
}
