namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>The steps of a series that a sequence is made of, and what comes after each.</summary>
/// <param name="Series">The series.</param>
/// <param name="Start">The step of the series that is the sequence's first.</param>
/// <param name="FirstForecast">The first step, of the sequence's own, whose forecast counts; those before it only warm up the
/// state.</param>
/// <param name="LearnableEnd">Values of the series from here on are not to be learned from.</param>
internal sealed record SeriesWindow(EncodedSeries Series, int Start, int FirstForecast, int LearnableEnd);
