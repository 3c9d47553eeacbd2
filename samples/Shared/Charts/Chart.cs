using System.Xml.Linq;
using ScottPlot;
using Range = System.Range;

namespace Shared.Charts;

/// <summary>
/// Lines, bands, dots and bars, drawn by ScottPlot as SVG for light and dark surroundings. Text is added here rather than by ScottPlot,
/// which measures it by the machine's fonts and leaves it out where there are none, as in a container.
/// </summary>
/// <param name="title">What the chart shows, also for those who can't see it.</param>
internal sealed class Chart(string title)
{
    private const int LegendRow = 22, LegendMark = 18;

    private readonly List<Layer> _layers = [];

    /// <summary>The times of the steps, where the horizontal axis has times; layers are placed by the number of a step.</summary>
    public IReadOnlyList<DateTime>? Times { get; init; }

    /// <summary>What the horizontal axis shows; null for nothing, as times need no name.</summary>
    public string? XLabel { get; init; }

    /// <summary>What the vertical axis shows.</summary>
    public string? YLabel { get; init; }

    /// <summary>The ends of the horizontal axis; null for those of the values.</summary>
    public (double Least, double Most)? XRange { get; init; }

    /// <summary>The ends of the vertical axis; null for round numbers around the values.</summary>
    public (double Least, double Most)? YRange { get; init; }

    /// <summary>Whether there is anything to see.</summary>
    public bool HasValues => _layers.Any(layer => layer.Ys.Any(double.IsFinite));

    /// <param name="name">The name in the legend.</param>
    /// <param name="ink">What it is drawn with.</param>
    /// <param name="first">The step of the first value.</param>
    /// <param name="values">A value a step, NaN for a gap.</param>
    /// <param name="dashed">Whether the line is dashed.</param>
    public Chart AddLine(string name, Ink ink, double first, IEnumerable<float> values, bool dashed = false)
        => AddLine(name, ink, values.Select((value, i) => (first + i, (double)value)), dashed);

    public Chart AddLine(string name, Ink ink, IEnumerable<(double X, double Y)> points, bool dashed = false)
        => Add(new Layer(name, ink, Mark.Line, points) { IsDashed = dashed });

    /// <summary>An area between two values a step.</summary>
    public Chart AddBand(string name, Ink ink, double first, IReadOnlyList<float> lower, IReadOnlyList<float> upper)
        => Add(new Layer(name, ink, Mark.Band, upper.Select((value, i) => (first + i, (double)value)))
        {
            Lower = [.. lower.Select(value => (double)value)],
        });

    public Chart AddDots(string name, Ink ink, IEnumerable<(double X, double Y)> points) => Add(new Layer(name, ink, Mark.Dot, points));

    /// <summary>Bars from zero, each 0.8 times as wide as <paramref name="width"/>.</summary>
    public Chart AddBars(string name, Ink ink, double width, IEnumerable<(double X, double Y)> points)
        => Add(new Layer(name, ink, Mark.Bar, points) { Width = 0.8 * width });

    /// <summary>A thin line from the bottom to the top, such as the end of the history.</summary>
    public Chart AddUpright(string name, double x) => Add(new Layer(name, Ink.Label, Mark.Upright, [(x, double.NaN)]));

    /// <summary>A file of its own, with its title in it.</summary>
    public string ToSvg(int width = 960, int height = 420)
    {
        XElement svg = Draw(width, height, hasTitle: true, "chart");
        svg.AddFirst(new XElement(svg.Name.Namespace + "style", $"\n{Palette.Css}\n"));
        svg.AddFirst(new XElement(svg.Name.Namespace + "title", Labels.Clean(title)));
        svg.Add(new XAttribute("role", "img"));
        return svg.ToString();
    }

    /// <summary>An element for a page that has <see cref="Palette.Css"/> and a caption for the chart.</summary>
    /// <param name="width">The width, in pixels of the page.</param>
    /// <param name="height">The height, in pixels of the page.</param>
    /// <param name="id">What the identifiers in it begin with; another for each chart of the page.</param>
    public XElement ToElement(int width, int height, string id)
    {
        XElement svg = Draw(width, height, hasTitle: false, id);
        svg.Add(new XAttribute("role", "img"), new XAttribute("aria-label", Labels.Clean(title)));
        return svg;
    }

    private Chart Add(Layer layer)
    {
        _layers.Add(layer);
        return this;
    }

    private XElement Draw(int width, int height, bool hasTitle, string id)
    {
        var labels = new Labels(width);
        // On a page the text around it is as far to the left.
        int top = 10, indent = hasTitle ? 16 : 0;
        if (hasTitle)
        {
            labels.Add(title, indent, top + 17, Anchor.Start, Ink.Text, size: 17);
            top += 34;
        }
        top = AddLegend(labels, indent, top, width);
        if (YLabel is not null)
        {
            labels.Add(YLabel, indent, top + 12, Anchor.Start, Ink.Label);
            top += 20;
        }
        int bottom = XLabel is null ? 30 : 50, plotHeight = Math.Max(40, height - top - 8 - bottom);

        Axis vertical = VerticalAxis(Math.Clamp(plotHeight / 48, 2, 7));
        int left = indent + 10 + vertical.Ticks.Select(tick => Labels.WidthOf(tick.Label)).DefaultIfEmpty().Max();
        int right = 12 + indent, plotWidth = width - left - right;
        Axis horizontal = HorizontalAxis(Math.Clamp(plotWidth / (Times is null ? 70 : 85), 2, 12));

        using var plot = new Plot();
        plot.FigureBackground.Color = plot.DataBackground.Color = Colors.Transparent;
        plot.Layout.Fixed(new PixelPadding(left, right, height - top - 8 - plotHeight, top + 8));
        plot.HideAxesAndGrid();
        plot.Axes.SetLimits(horizontal.Least, horizontal.Most, vertical.Least, vertical.Most);
        foreach (Tick tick in vertical.Ticks)
            plot.Add.HorizontalLine(tick.Position, 1, Paint(Ink.Grid));
        foreach (Layer layer in _layers)
            layer.AddTo(plot, vertical, plotWidth);
        XElement svg = XDocument.Parse(plot.GetSvgXml(width, height)).Root!;

        foreach (Tick tick in vertical.Ticks)
            labels.Add(tick.Label, left - 8, PixelOf(horizontal.Least, tick.Position).Y + 4.5, Anchor.End, Ink.Label);
        double free = 0;
        foreach (Tick tick in horizontal.Ticks)
        {
            double half = Labels.WidthOf(tick.Label) / 2.0;
            double at = Math.Clamp(PixelOf(tick.Position, vertical.Least).X, half + 4, Math.Max(half + 4, width - half - 4));
            if (at - half < free)
                continue;
            labels.Add(tick.Label, at, top + 8 + plotHeight + 19, Anchor.Middle, Ink.Label);
            free = at + half + 8;
        }
        if (XLabel is not null)
            labels.Add(XLabel, left + plotWidth / 2.0, top + 8 + plotHeight + 39, Anchor.Middle, Ink.Label);
        return SvgStyle.Apply(svg, width, height, labels.Elements, id);

        Pixel PixelOf(double x, double y) => plot.GetPixel(new Coordinates(x, y));
    }

    /// <returns>The bottom of the legend.</returns>
    private int AddLegend(Labels labels, int indent, int top, int width)
    {
        Layer[] named = [.. _layers.Where(layer => layer.Name.Length > 0)];
        int x = indent, row = 0;
        foreach (Layer layer in named)
        {
            int wide = LegendMark + 6 + Math.Min(Labels.WidthOf(layer.Name), width - indent - LegendMark - 22) + 18;
            if (x > indent && x + wide > width)
                (x, row) = (indent, row + 1);
            double middle = top + row * LegendRow + 9;
            labels.AddMark(layer.Mark, layer.Ink, layer.IsDashed, x, middle, LegendMark);
            labels.Add(layer.Name, x + LegendMark + 6, middle + 4.5, Anchor.Start, Ink.Label);
            x += wide;
        }
        return named.Length == 0 ? top : top + (row + 1) * LegendRow;
    }

    private Axis VerticalAxis(int count)
    {
        double[] values = [.. _layers.SelectMany(layer => layer.Ys.Concat(layer.Lower ?? [])).Where(double.IsFinite)];
        if (_layers.Any(layer => layer.Mark == Mark.Bar))
            values = [.. values, 0];
        (double least, double most) = YRange ?? (values.Length == 0 ? (double.NaN, double.NaN) : (values.Min(), values.Max()));
        return Axis.OfNumbers(least, most, count);
    }

    private Axis HorizontalAxis(int count)
    {
        double[] positions = [.. _layers.SelectMany(layer => layer.Mark == Mark.Bar
            ? layer.Xs.SelectMany(x => new[] { x - layer.Width / 2, x + layer.Width / 2 })
            : layer.Xs)];
        (double least, double most) = XRange ?? (positions.Length == 0 ? (0, 1) : (positions.Min(), positions.Max()));
        if (Times is not { Count: > 0 } times)
            return XRange is null ? Axis.OfSteps(least, most, count) : Axis.OfNumbers(least, most, count);

        // Steps are as wide as each other; between two of them, and where a label stands beside them, time goes evenly.
        int first = Math.Clamp((int)least, 0, times.Count - 1), last = Math.Clamp((int)most, 0, times.Count - 1);
        Axis axis = Axis.OfTimes(times[first], 0, (times[last] - times[first]).TotalDays, count);
        var ticks = new List<Tick>();
        int step = first;
        foreach (Tick tick in axis.Ticks)
        {
            DateTime time = times[first].AddDays(tick.Position);
            while (step < last && times[step + 1] <= time)
                step++;
            double share = step < last && times[step + 1] > times[step] ? (time - times[step]) / (times[step + 1] - times[step]) : 0;
            ticks.Add(tick with { Position = step + Math.Clamp(share, 0, 1) });
        }
        return most > least ? new Axis(least, most, ticks) : new Axis(least - 0.5, most + 0.5, ticks);
    }

    private static Color Paint(Ink ink) => Color.FromHex(Palette.Light(ink));

    /// <summary>What is drawn of a sequence of points.</summary>
    private sealed class Layer
    {
        public Layer(string name, Ink ink, Mark mark, IEnumerable<(double X, double Y)> points)
        {
            (Name, Ink, Mark) = (name, ink, mark);
            (double X, double Y)[] all = [.. points];
            (Xs, Ys) = (Array.ConvertAll(all, point => point.X), Array.ConvertAll(all, point => point.Y));
        }

        public string Name { get; }

        public Ink Ink { get; }

        public Mark Mark { get; }

        public double[] Xs { get; }

        public double[] Ys { get; }

        public double[]? Lower { get; init; }

        public bool IsDashed { get; init; }

        public double Width { get; init; }

        public void AddTo(Plot plot, Axis vertical, int pixels)
        {
            switch (Mark)
            {
                case Mark.Upright:
                    ScottPlot.Plottables.VerticalLine upright = plot.Add.VerticalLine(Xs[0], SvgStyle.DashedWidth, Paint(Ink));
                    upright.ExcludeFromLegend = true;
                    break;
                case Mark.Bar:
                    foreach ((double x, double y) in Xs.Zip(Ys).Where(point => double.IsFinite(point.Second)))
                    {
                        double bottom = Math.Max(0, vertical.Least);
                        ScottPlot.Plottables.Rectangle bar = plot.Add.Rectangle(x - Width / 2, x + Width / 2, bottom, y);
                        (bar.FillColor, bar.LineWidth) = (Paint(Ink), 0);
                    }
                    break;
                case Mark.Dot:
                    Coordinates[] dots = [.. Xs.Zip(Ys, (x, y) => new Coordinates(x, y)).Where(dot => double.IsFinite(dot.Y))];
                    if (dots.Length > 0)
                        plot.Add.Markers(dots, MarkerShape.FilledCircle, 8, Paint(Ink));
                    break;
                case Mark.Band:
                    foreach (Range run in Runs(i => double.IsFinite(Ys[i]) && double.IsFinite(Lower![i])))
                    {
                        ScottPlot.Plottables.FillY band = plot.Add.FillY(Xs[run], Lower![run], Ys[run]);
                        (band.FillColor, band.LineWidth, band.MarkerSize) = (Paint(Ink).WithAlpha(0.18), 0, 0);
                    }
                    break;
                default:
                    foreach (Range run in Runs(i => double.IsFinite(Ys[i])))
                        AddLine(plot, run, pixels);
                    break;
            }
        }

        private void AddLine(Plot plot, Range run, int pixels)
        {
            (double[] xs, double[] ys) = Thin(Xs[run], Ys[run], 2 * pixels);
            if (xs.Length == 1)
            {
                plot.Add.Markers(xs, ys, MarkerShape.FilledCircle, 5, Paint(Ink));
                return;
            }
            ScottPlot.Plottables.Scatter line = plot.Add.ScatterLine(xs, ys, Paint(Ink));
            line.LineWidth = IsDashed ? SvgStyle.DashedWidth : Ys.Length > pixels ? 1.2f : 2;
        }

        // The least and the greatest value of as many points as share a pixel are all that can be seen of them.
        private static (double[] Xs, double[] Ys) Thin(double[] xs, double[] ys, int most)
        {
            if (xs.Length <= 2 * most)
                return (xs, ys);
            int size = (int)Math.Ceiling(2.0 * xs.Length / most);
            int[] kept = [.. Enumerable.Range(0, xs.Length).Chunk(size)
                .SelectMany(chunk => new[] { chunk.MinBy(i => ys[i]), chunk.MaxBy(i => ys[i]) }.Order().Distinct())];
            return (Array.ConvertAll(kept, i => xs[i]), Array.ConvertAll(kept, i => ys[i]));
        }

        private IEnumerable<Range> Runs(Func<int, bool> isThere)
        {
            for (int i = 0; i < Ys.Length; i++)
            {
                if (!isThere(i))
                    continue;
                int first = i;
                while (i < Ys.Length && isThere(i))
                    i++;
                yield return first..i;
            }
        }
    }
}
