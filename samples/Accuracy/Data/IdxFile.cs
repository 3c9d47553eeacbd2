using System.Buffers.Binary;
using System.IO.Compression;

namespace Accuracy.Data;

/// <summary>MNIST's format of images and labels, compressed: a header with the dimensions, then a byte for each value.</summary>
internal static class IdxFile
{
    private const int UnsignedBytes = 0x08;

    public static List<Series> Read(string images, string labels)
    {
        (byte[] pixels, int[] size) = Read(images);
        (byte[] digits, int[] count) = Read(labels);
        if (size.Length != 3 || count.Length != 1 || size[0] != count[0])
            throw new FormatException($"{images}: expected as many images as {labels} has labels.");
        int length = size[1] * size[2];
        return [.. digits.Select((digit, i) =>
            new Series { Label = $"{digit}", FeaturesPerStep = size[2],
            Features = [.. pixels.AsSpan(i * length, length).ToArray().Select(pixel => pixel / 255f)] })];
    }

    private static (byte[] Values, int[] Dimensions) Read(string path)
    {
        using var stream = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        var content = new MemoryStream();
        stream.CopyTo(content);
        byte[] bytes = content.ToArray();
        if (bytes.Length < 4 || bytes[2] != UnsignedBytes || bytes.Length < 4 + 4 * bytes[3])
            throw new FormatException($"{path}: expected an IDX file of bytes.");
        int[] dimensions = [.. Enumerable.Range(1, bytes[3]).Select(i => BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(4 * i)))];
        byte[] values = bytes[(4 + 4 * dimensions.Length)..];
        return values.Length == dimensions.Aggregate(1, (product, size) => product * size)
            ? (values, dimensions)
            : throw new FormatException($"{path}: it is cut off.");
    }
}
