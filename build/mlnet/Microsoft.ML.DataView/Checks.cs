namespace Microsoft.ML.Data;

/// <summary>Throws as ML.NET's argument checks do.</summary>
internal static class Checks
{
    public static void Param(bool ok, string name)
    {
        if (!ok)
            throw new ArgumentOutOfRangeException(name);
    }

    public static void Param(bool ok, string name, string message)
    {
        if (!ok)
            throw new ArgumentOutOfRangeException(name, message);
    }

    public static void NotNull(object value, string name)
    {
        if (value is null)
            throw new ArgumentNullException(name);
    }

    public static void NonEmpty(string value, string name)
    {
        if (string.IsNullOrEmpty(value))
            throw new ArgumentNullException(name);
    }
}
