namespace Microsoft.ML.Lstm.Series;

/// <summary>Why a row can't be put into a series.</summary>
internal enum SeriesRowFault
{
    None,

    /// <summary>Its series column has the missing key.</summary>
    MissingKey,

    /// <summary>Its series column has an empty text.</summary>
    NoName,

    /// <summary>Its time is the default one, which data without a time gets.</summary>
    NoTime,
}
