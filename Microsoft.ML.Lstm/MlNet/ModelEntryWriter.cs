using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.Lstm.Engine.Files;

namespace Microsoft.ML.Lstm.MlNet;

/// <summary>Writes the streams of an entry in a model.zip, and their checksums.</summary>
/// <param name="ctx">The entry.</param>
/// <param name="title">The first line of the list of checksums.</param>
internal sealed class ModelEntryWriter(ModelSaveContext ctx, string title)
{
    private readonly StringBuilder _checksums = new StringBuilder(title).Append('\n');
    private long _jsonBytes;
    private long _numberBytes;

    /// <summary>Writes a stream of JSON.</summary>
    /// <param name="name">Its name in the entry.</param>
    /// <param name="json">Its content.</param>
    public void WriteJson(string name, byte[] json)
    {
        _jsonBytes = Math.Max(_jsonBytes, json.Length);
        Write(name, stream => stream.Write(json));
    }

    /// <summary>Writes a stream of numbers.</summary>
    /// <param name="name">Its name in the entry.</param>
    /// <param name="write">Writes its content.</param>
    public void WriteNumbers(string name, Action<Stream> write) => _numberBytes += Write(name, write);

    /// <summary>Writes the report of a training, if there is one.</summary>
    public void WriteReport(TrainingReport? report)
    {
        if (report is not null)
            WriteJson(ModelEntry.ReportStream, SavedReport.ToJson(report));
    }

    /// <summary>Writes the list of checksums, after all other streams.</summary>
    /// <exception cref="InvalidOperationException">There is more JSON than <see cref="ModelEntryReader"/> would read.</exception>
    public void WriteChecksums()
    {
        if (_jsonBytes > ModelEntry.MaxJsonBytes(_numberBytes))
            throw new InvalidOperationException(
                $"The model can't be saved: its names take {_jsonBytes:N0} bytes, more than the "
                + $"{ModelEntry.MaxJsonBytes(_numberBytes):N0} that would be read again beside {_numberBytes:N0} bytes of numbers.");
        ctx.SaveBinaryStream(ModelEntry.ChecksumStream, writer => writer.Write(Encoding.UTF8.GetBytes(_checksums.ToString())));
    }

    private long Write(string name, Action<Stream> write)
    {
        long length = 0;
        ctx.SaveBinaryStream(name, writer =>
        {
            using var sum = SHA256.Create();
            using (var stream = new CryptoStream(writer.BaseStream, sum, CryptoStreamMode.Write, leaveOpen: true))
                write(stream);
            _checksums.Append(LineOf(sum.Hash!, name)).Append('\n');
            length = writer.BaseStream.Length;
        });
        return length;
    }

    /// <summary>The line of a stream in the list of checksums.</summary>
    public static string LineOf(byte[] hash, string name) => $"{Convert.ToHexStringLower(hash)}  {name}";
}
