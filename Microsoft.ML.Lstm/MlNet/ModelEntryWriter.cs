using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.Lstm.MlNet;

/// <summary>Writes the streams of an entry in a model.zip, and their checksums.</summary>
/// <param name="ctx">The entry.</param>
/// <param name="title">The first line of the list of checksums.</param>
internal sealed class ModelEntryWriter(ModelSaveContext ctx, string title)
{
    private readonly StringBuilder _checksums = new StringBuilder(title).Append('\n');

    /// <summary>Writes a stream.</summary>
    /// <param name="name">Its name in the entry.</param>
    /// <param name="write">Writes what is in it.</param>
    public void Write(string name, Action<Stream> write) => ctx.SaveBinaryStream(name, writer =>
    {
        using var sum = SHA256.Create();
        using (var stream = new CryptoStream(writer.BaseStream, sum, CryptoStreamMode.Write, leaveOpen: true))
            write(stream);
        _checksums.Append(LineOf(sum.Hash!, name)).Append('\n');
    });

    /// <summary>Writes a stream.</summary>
    /// <param name="name">Its name in the entry.</param>
    /// <param name="content">What is in it.</param>
    public void Write(string name, byte[] content) => Write(name, stream => stream.Write(content));

    /// <summary>Writes the list of checksums, after all other streams.</summary>
    public void WriteChecksums() => ctx.SaveBinaryStream(ModelEntry.ChecksumStream, writer => writer.Write(Encoding.UTF8.GetBytes(_checksums.ToString())));

    /// <summary>The line of a stream in the list of checksums.</summary>
    public static string LineOf(byte[] hash, string name) => $"{Convert.ToHexStringLower(hash)}  {name}";
}
