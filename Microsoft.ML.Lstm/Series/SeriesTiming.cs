using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Series;

/// <summary>How the rows of series follow each other in time.</summary>
/// <param name="Step">The time from a row to the next.</param>
/// <param name="FillsGaps">Whether the steps that a gap leaves out are taken as steps with missing values.</param>
/// <param name="UsualGap">Gaps of up to so many steps are usual; 0 where gaps are rare.</param>
/// <param name="HasOffsets">Whether times have offsets from UTC.</param>
internal sealed record SeriesTiming(RowInterval Step, bool FillsGaps, long UsualGap, bool HasOffsets);
