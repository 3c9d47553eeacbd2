using System.Reflection;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Where a component reads its model from, and how models inside it are made.</summary>
internal sealed class ModelLoadContext : IDisposable
{
    public const string ModelStreamName = "Model.key";

    public readonly RepositoryReader Repository;
    public readonly string Directory;
    public readonly BinaryReader Reader;
    public readonly string[] Strings;
    public readonly string LoaderAssemblyName;
    public readonly long FpMin;
    internal ModelHeader Header;

    internal ModelLoadContext(RepositoryReader rep, Repository.Entry ent, string dir)
    {
        Repository = rep;
        Directory = dir ?? "";
        Reader = new(ent.Stream, Encoding.UTF8, leaveOpen: true);
        FpMin = Reader.BaseStream.Position;
        Header = ModelHeader.Read(Reader, out Strings, out LoaderAssemblyName);
    }

    public bool InRepository => Repository is not null;

    public void CheckAtModel() => Contracts.CheckDecode(null, Reader.BaseStream.Position == FpMin + Header.FpModel);

    public void CheckAtModel(VersionInfo ver)
    {
        CheckVersionInfo(ver);
        CheckAtModel();
    }

    public void CheckVersionInfo(VersionInfo ver)
    {
        Contracts.CheckDecode(null, Header.ModelSignature == ver.ModelSignature, "Unknown file type");
        Contracts.CheckDecode(null, Header.ModelVerReadable <= Header.ModelVerWritten, "Corrupt file header");
        if (Header.ModelVerReadable > ver.VerWrittenCur)
        {
            throw Contracts.ExceptDecode($"Cause: ML.NET {Product} cannot read component '{ver.LoaderSignature}' of the model, because the model is too new.{Environment.NewLine}" +
                $"Suggestion: Make sure the model is trained with ML.NET {Product} or older.{Environment.NewLine}" +
                $"Debug details: Maximum expected version {ver.VerWrittenCur}, got {Header.ModelVerReadable}.");
        }
        if (Header.ModelVerWritten < ver.VerWeCanReadBack)
        {
            throw Contracts.ExceptDecode($"Cause: ML.NET {Product} cannot read component '{ver.LoaderSignature}' of the model, because the model is too old.{Environment.NewLine}" +
                $"Suggestion: Make sure the model is trained with ML.NET {Product}.{Environment.NewLine}" +
                $"Debug details: Minimum expected version {ver.VerReadableCur}, got {Header.ModelVerReadable}.");
        }
    }

    public string LoadStringOrNull()
    {
        int id = Reader.ReadInt32();
        Contracts.CheckDecode(null, -1 <= id && id < Strings.Length);
        return id < 0 ? null : Strings[id];
    }

    public string LoadString()
    {
        int id = Reader.ReadInt32();
        Contracts.CheckDecode(null, 0 <= id && id < Strings.Length);
        return Strings[id];
    }

    public string LoadNonEmptyString()
    {
        string result = LoadString();
        Contracts.CheckDecode(null, result.Length > 0);
        return result;
    }

    /// <summary>A loader reads its model to the last byte.</summary>
    public void Done() => Contracts.CheckDecode(Reader.BaseStream.Position == FpMin + Header.FpModel + Header.CbModel);

    public void LoadModel<TRes, TSig>(IHostEnvironment env, out TRes result, string name, params object[] extra)
        where TRes : class =>
        LoadModel<TRes, TSig>(env, out result, Repository, Path.Combine(Directory, name), extra);

    public bool LoadModelOrNull<TRes, TSig>(IHostEnvironment env, out TRes result, string name, params object[] extra)
        where TRes : class =>
        LoadModelOrNull<TRes, TSig>(env, out result, Repository, Path.Combine(Directory, name), extra);

    public static void LoadModel<TRes, TSig>(IHostEnvironment env, out TRes result, RepositoryReader rep, string dir, params object[] extra)
        where TRes : class
    {
        if (!LoadModelOrNull<TRes, TSig>(env, out result, rep, dir, extra))
            throw env.ExceptDecode("Corrupt model file");
    }

    /// <summary>Makes what the model in a folder says it is, or says false if there is no model.</summary>
    public static bool LoadModelOrNull<TRes, TSig>(IHostEnvironment env, out TRes result, RepositoryReader rep, string dir, params object[] extra)
        where TRes : class
    {
        using Repository.Entry entry = rep.OpenEntryOrNull(dir, ModelStreamName);
        result = null;
        if (entry is null)
            return false;
        using var ctx = new ModelLoadContext(rep, entry, dir);
        ctx.RegisterLoaderAssembly(env);
        if (!ctx.TryLoad(env, typeof(TSig), ctx.Header.LoaderSignature, out object component)
            && !ctx.TryLoad(env, typeof(TSig), ctx.Header.LoaderSignatureAlt, out component))
        {
            throw env.ExceptDecode("Couldn't load model: '{0}'", dir);
        }
        ctx.Done();
        result = component as TRes ?? throw env.ExceptDecode("Couldn't load model: '{0}'", dir);
        return true;
    }

    public bool TryProcessSubModel(string dir, Action<ModelLoadContext> action)
    {
        string path = Path.Combine(Directory, dir);
        using Repository.Entry entry = Repository?.OpenEntryOrNull(path, ModelStreamName);
        if (entry is null)
            return false;
        using var ctx = new ModelLoadContext(Repository, entry, path);
        action(ctx);
        ctx.Done();
        return true;
    }

    public bool TryLoadBinaryStream(string name, Action<BinaryReader> action)
    {
        using Repository.Entry entry = Repository?.OpenEntryOrNull(Directory, name);
        if (entry is null)
            return false;
        using var reader = new BinaryReader(entry.Stream, Encoding.UTF8, leaveOpen: true);
        action(reader);
        return true;
    }

    public bool TryLoadTextStream(string name, Action<TextReader> action)
    {
        using Repository.Entry entry = Repository?.OpenEntryOrNull(Directory, name);
        if (entry is null)
            return false;
        using var reader = new StreamReader(entry.Stream, leaveOpen: true);
        action(reader);
        return true;
    }

    public void Dispose() => Reader.Dispose();

    private static string Product => "5.0.0+standin";

    private bool TryLoad(IHostEnvironment env, Type signature, string name, out object result)
    {
        result = null;
        return name.Length > 0 && env.ComponentCatalog.TryLoad(env, signature, name, this, out result);
    }

    /// <summary>ML.NET's assemblies are strong-named and the stand-in's are not, so assemblies are found by their simple names.</summary>
    private void RegisterLoaderAssembly(IHostEnvironment env)
    {
        if (LoaderAssemblyName.Length > 0)
            env.ComponentCatalog.RegisterAssembly(Assembly.Load(new AssemblyName(LoaderAssemblyName).Name));
    }
}
