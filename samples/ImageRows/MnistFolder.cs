using System.Buffers.Binary;
using Shared;

namespace ImageRows;

/// <summary>
/// The files of MNIST: pictures (idx3-ubyte) and digits (idx1-ubyte), of 28 x 28 pixels or another square, compressed by gzip or not.
/// </summary>
internal static class MnistFolder
{
    private const int PicturesMagic = 0x803;
    private const int LabelsMagic = 0x801;

    /// <summary>The pictures to train with ("train") or to test with ("t10k").</summary>
    /// <exception cref="InvalidDataException">A file is missing or is not what its name says.</exception>
    public static Picture[] Read(string folder, string part)
    {
        (byte[] pixels, int[] sizes) = ReadIdx(folder, $"{part}-images-idx3-ubyte", PicturesMagic);
        (byte[] digits, int[] counts) = ReadIdx(folder, $"{part}-labels-idx1-ubyte", LabelsMagic);
        if (sizes[0] != counts[0])
            throw new InvalidDataException($"{folder} has {sizes[0]} pictures to {part}, and {counts[0]} digits; expected one for each.");
        if (sizes[1] != sizes[2])
            throw new InvalidDataException($"{folder} has pictures of {sizes[1]} x {sizes[2]} pixels; expected squares.");
        int size = sizes[1] * sizes[2];
        return [.. digits.Select((digit, i) => new Picture
        {
            Digit = digit,
            Pixels = Array.ConvertAll(pixels[(i * size)..((i + 1) * size)], value => value / 255f),
        })];
    }

    // A magic number whose last byte is the number of dimensions, these, and a byte for each value.
    private static (byte[] Values, int[] Sizes) ReadIdx(string folder, string name, int magic)
    {
        string path = new[] { name, name + ".gz" }.Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists)
            ?? throw new InvalidDataException($"{folder} has no file {name} or {name}.gz.");
        var copy = new MemoryStream();
        using (Stream file = GzipFile.Open(path))
            file.CopyTo(copy);
        byte[] bytes = copy.ToArray();
        int dimensions = magic & 0xFF, header = 4 * (1 + dimensions);
        if (bytes.Length < header || BinaryPrimitives.ReadInt32BigEndian(bytes) != magic)
            throw new InvalidDataException($"{path} does not begin as an IDX file of {dimensions} dimensions does.");
        int[] sizes =
            [.. Enumerable.Range(1, dimensions).Select(dimension => BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(4 * dimension)))];
        long values = sizes.Aggregate(1L, (product, size) => product * size);
        if (sizes.Any(size => size <= 0) || bytes.Length - header != values)
            throw new InvalidDataException($"{path} has {bytes.Length - header} values; its header says {string.Join(" x ", sizes)}.");
        return (bytes[header..], sizes);
    }

    /// <summary>Writes pictures in this form.</summary>
    public static void Write(string folder, Picture[] train, Picture[] test)
    {
        Directory.CreateDirectory(folder);
        foreach ((string part, Picture[] pictures) in new[] { ("train", train), ("t10k", test) })
        {
            int side = (int)Math.Sqrt(pictures[0].Pixels.Length);
            WriteIdx(Path.Combine(folder, $"{part}-images-idx3-ubyte"), PicturesMagic, [pictures.Length, side, side],
                pictures.SelectMany(picture => picture.Pixels).Select(pixel => (byte)(255 * Math.Clamp(pixel, 0, 1))));
            WriteIdx(Path.Combine(folder, $"{part}-labels-idx1-ubyte"), LabelsMagic, [pictures.Length],
                pictures.Select(picture => (byte)picture.Digit));
        }
    }

    private static void WriteIdx(string path, int magic, int[] sizes, IEnumerable<byte> values)
    {
        byte[] header = new byte[4 * (1 + sizes.Length)];
        foreach ((int i, int number) in sizes.Prepend(magic).Index())
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 * i), number);
        File.WriteAllBytes(path, [.. header, .. values]);
    }
}
