using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Where a component writes its model: one stream with a header, and further entries beside it.</summary>
public sealed class ModelSaveContext : IDisposable
{
    internal readonly RepositoryWriter Repository;
    internal readonly string Directory;
    internal readonly BinaryWriter Writer;
    internal readonly long FpMin;
    internal ModelHeader Header;

    private readonly Repository.Entry _entry;
    private readonly List<string> _strings = [];
    private string _loaderAssemblyName = "";

    internal ModelSaveContext(RepositoryWriter rep, string dir, string name)
    {
        Contracts.CheckValue(rep, nameof(rep));
        Repository = rep;
        Directory = dir ?? "";
        _entry = rep.CreateEntry(Directory, name);
        Writer = new(_entry.Stream, Encoding.UTF8, leaveOpen: true);
        FpMin = Writer.BaseStream.Position;
        Header = ModelHeader.Create();
        Header.Write(Writer);
    }

    internal bool InRepository => Repository is not null;

    internal void CheckAtModel() => Contracts.Check(null, Writer.BaseStream.Position == FpMin + Header.FpModel);

    internal void SetVersionInfo(VersionInfo ver)
    {
        Header.SetVersionInfo(ver);
        _loaderAssemblyName = ver.LoaderAssemblyName ?? "";
    }

    internal void SaveTextStream(string name, Action<TextWriter> action)
    {
        using Repository.Entry entry = Repository.CreateEntry(Directory, name);
        using var writer = new StreamWriter(entry.Stream, new UTF8Encoding(false), leaveOpen: true);
        action(writer);
    }

    internal void SaveBinaryStream(string name, Action<BinaryWriter> action)
    {
        using Repository.Entry entry = Repository.CreateEntry(Directory, name);
        using var writer = new BinaryWriter(entry.Stream, Encoding.UTF8, leaveOpen: true);
        action(writer);
    }

    internal void SaveStringOrNull(string str)
    {
        if (str is null)
            Writer.Write(-1);
        else
            SaveString(str);
    }

    internal void SaveString(string str)
    {
        Contracts.CheckValue(str, nameof(str));
        int id = _strings.IndexOf(str);
        if (id < 0)
        {
            id = _strings.Count;
            _strings.Add(str);
        }
        Writer.Write(id);
    }

    internal void SaveNonEmptyString(string str)
    {
        Contracts.CheckParam(!string.IsNullOrEmpty(str), nameof(str));
        SaveString(str);
    }

    /// <summary>Writes another model into a folder below this one.</summary>
    internal void SaveModel<T>(T value, string name)
        where T : class =>
        SaveModel(Repository, value, Path.Combine(Directory, name));

    internal static void SaveModel<T>(RepositoryWriter rep, T value, string path)
        where T : class
    {
        if (value is not ICanSaveModel model)
            return;
        using var ctx = new ModelSaveContext(rep, path, ModelLoadContext.ModelStreamName);
        model.Save(ctx);
        ctx.Done();
    }

    internal void SaveSubModel(string dir, Action<ModelSaveContext> fn)
    {
        using var ctx = new ModelSaveContext(Repository, Path.Combine(Directory, dir), ModelLoadContext.ModelStreamName);
        fn(ctx);
        ctx.Done();
    }

    /// <summary>Writes strings, assembly name and tail, and then the header, which now knows where they are.</summary>
    internal void Done()
    {
        Header.CbModel = Position - Header.FpModel;
        if (_strings.Count > 0)
        {
            Header.FpStringTable = Position;
            long end = 0;
            foreach (string s in _strings)
                Writer.Write(end += s.Length * sizeof(char));
            Header.CbStringTable = Position - Header.FpStringTable;
            Header.FpStringChars = Position;
            foreach (string s in _strings)
                Writer.Write(Encoding.Unicode.GetBytes(s));
            Header.CbStringChars = Position - Header.FpStringChars;
        }
        Header.FpAssemblyName = Position;
        Header.CbAssemblyName = (uint)(_loaderAssemblyName.Length * sizeof(char));
        Writer.Write(Encoding.Unicode.GetBytes(_loaderAssemblyName));
        Header.FpTail = Position;
        Writer.Write(ModelHeader.TailSignatureValue);
        Header.FpLim = Position;

        Writer.BaseStream.Position = FpMin;
        Header.Write(Writer);
        Writer.BaseStream.Position = FpMin + Header.FpLim;
    }

    public void Dispose()
    {
        Writer.Dispose();
        _entry.Dispose();
    }

    private long Position => Writer.BaseStream.Position - FpMin;
}
