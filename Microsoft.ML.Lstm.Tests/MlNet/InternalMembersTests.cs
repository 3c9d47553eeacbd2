using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Microsoft.ML.Lstm.Tests.MlNet;

/// <summary>
/// What the library uses of ML.NET's internals. A new version of ML.NET may lack some of it: InternalMembers.txt names each member, and the
/// tests say which is missing.
/// </summary>
/// <remarks>A line is a type, or a type's member with the number of its parameters, or a member that the library implements.</remarks>
[TestClass]
public sealed class InternalMembersTests
{
    private const BindingFlags AnyMember =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Assembly Library = typeof(LstmRegressionTrainer).Assembly;

    private static readonly string[] Listed =
        File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "MlNet", "InternalMembers.txt"));

    [TestMethod]
    public void MlNetHasEachListedMember()
    {
        HashSet<string> there = [.. MlNetTypes().SelectMany(type => MembersOf(type).Select(NameOf).Append(NameOf(type)))];
        Assert.AreEqual("", string.Join(Environment.NewLine, Listed.Where(member => !there.Contains(member))));
    }

    [TestMethod]
    public void ListIsWhatTheLibraryUses()
    {
        string[] used = [.. Used().Distinct().Order(StringComparer.Ordinal)];
        Assert.AreEqual(string.Join(Environment.NewLine, used), string.Join(Environment.NewLine, Listed));
    }

    /// <summary>The members in the library's tables of references that are not public, and the internal interfaces it implements.</summary>
    private static IEnumerable<string> Used()
    {
        Dictionary<string, Type> types = MlNetTypes().DistinctBy(type => type.FullName).ToDictionary(type => type.FullName!);
        using var file = new PEReader(File.OpenRead(Library.Location));
        MetadataReader reader = file.GetMetadataReader();
        foreach (TypeReferenceHandle handle in reader.TypeReferences)
        {
            if (types.GetValueOrDefault(FullName(reader, handle)) is { IsVisible: false } type)
                yield return NameOf(type);
        }
        foreach (MemberReferenceHandle handle in reader.MemberReferences)
        {
            MemberReference member = reader.GetMemberReference(handle);
            if (TypeOf(reader, member.Parent) is not { } parent || types.GetValueOrDefault(parent) is not { } type)
                continue;
            string name = $"{NameOf(type)}.{reader.GetString(member.Name)}{ParametersOf(reader, member)}";
            if (!type.IsVisible || MembersOf(type).Where(other => NameOf(other) == name).All(IsInternal))
                yield return name;
        }
        foreach (Type implemented in Library.GetTypes().SelectMany(type => type.GetInterfaces()).Where(type => types.ContainsValue(type)))
        {
            foreach (MemberInfo member in implemented.IsVisible ? [] : MembersOf(implemented))
                yield return NameOf(member);
        }
    }

    private static IEnumerable<Type> MlNetTypes() => Library.GetReferencedAssemblies()
        .Where(name => name.Name!.StartsWith("Microsoft.ML.", StringComparison.Ordinal))
        .SelectMany(name => Assembly.Load(name).GetTypes());

    private static IEnumerable<MemberInfo> MembersOf(Type type)
        => type.GetMembers(AnyMember).Where(member => member is MethodBase or FieldInfo);

    private static bool IsInternal(MemberInfo member) => member switch
    {
        MethodBase method => method.IsAssembly || method.IsFamilyAndAssembly || method.IsPrivate,
        FieldInfo field => field.IsAssembly || field.IsFamilyAndAssembly || field.IsPrivate,
        _ => false,
    };

    private static string NameOf(Type type) => type.FullName!.Replace('+', '.');

    private static string NameOf(MemberInfo member)
        => $"{NameOf(member.DeclaringType!)}.{member.Name}{(member is MethodBase method ? $"({method.GetParameters().Length})" : "")}";

    private static string? TypeOf(MetadataReader reader, EntityHandle parent)
    {
        if (parent.Kind == HandleKind.TypeReference)
            return FullName(reader, (TypeReferenceHandle)parent);
        if (parent.Kind != HandleKind.TypeSpecification)
            return null;
        // A generic instantiation: the generic type comes after two bytes (ECMA-335, II.23.2.12).
        BlobReader blob = reader.GetBlobReader(reader.GetTypeSpecification((TypeSpecificationHandle)parent).Signature);
        if (blob.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
            return null;
        blob.ReadByte();
        return blob.ReadTypeHandle() is { Kind: HandleKind.TypeReference } type ? FullName(reader, (TypeReferenceHandle)type) : null;
    }

    private static string FullName(MetadataReader reader, TypeReferenceHandle handle)
    {
        TypeReference type = reader.GetTypeReference(handle);
        string name = reader.GetString(type.Name);
        if (type.ResolutionScope.Kind == HandleKind.TypeReference)
            return $"{FullName(reader, (TypeReferenceHandle)type.ResolutionScope)}+{name}";
        return type.Namespace.IsNil ? name : $"{reader.GetString(type.Namespace)}.{name}";
    }

    private static string ParametersOf(MetadataReader reader, MemberReference member)
    {
        BlobReader blob = reader.GetBlobReader(member.Signature);
        SignatureHeader header = blob.ReadSignatureHeader();
        if (header.Kind != SignatureKind.Method)
            return "";
        if (header.IsGeneric)
            blob.ReadCompressedInteger();
        return $"({blob.ReadCompressedInteger()})";
    }
}
