// Publicizer <output folder> <assembly>...: writes a copy of each assembly with what is internal made public.
// Only visibility bits are changed, in place, so the copy's identity stays that of the original and the compiler binds to the original.
// It is for compiling only: private members stay private, so explicit interface implementations and overrides stay valid.
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

foreach (string source in args[1..])
{
    byte[] image = File.ReadAllBytes(source);
    Publicize(image);
    File.WriteAllBytes(Path.Combine(args[0], Path.GetFileName(source)), image);
}

static void Publicize(byte[] image)
{
    using PEReader pe = new(new MemoryStream(image));
    MetadataReader metadata = pe.GetMetadataReader();

    // ECMA-335 II.22: the flags are 4 bytes at the start of a TypeDef row, 2 at the start of a Field row, 2 at byte 6 of a MethodDef row.
    ForEachRow(TableIndex.TypeDef, 0, flags => (flags & (int)TypeAttributes.VisibilityMask) switch
    {
        (int)TypeAttributes.NotPublic => flags | (int)TypeAttributes.Public,
        (int)TypeAttributes.NestedAssembly => flags & ~(int)TypeAttributes.VisibilityMask | (int)TypeAttributes.NestedPublic,
        _ => flags,
    });
    ForEachRow(TableIndex.Field, 0, Member);
    ForEachRow(TableIndex.MethodDef, 6, Member);

    // Fields and methods share the encoding of the access bits: internal becomes public, private protected becomes protected.
    static int Member(int flags) => (flags & (int)MethodAttributes.MemberAccessMask) switch
    {
        (int)MethodAttributes.Assembly => flags & ~(int)MethodAttributes.MemberAccessMask | (int)MethodAttributes.Public,
        (int)MethodAttributes.FamANDAssem => flags & ~(int)MethodAttributes.MemberAccessMask | (int)MethodAttributes.Family,
        _ => flags,
    };

    void ForEachRow(TableIndex table, int offset, Func<int, int> change)
    {
        int start = pe.PEHeaders.MetadataStartOffset + metadata.GetTableMetadataOffset(table) + offset;
        for (int row = 0; row < metadata.GetTableRowCount(table); row++)
        {
            // Every bit that is changed lies in the low byte.
            ref byte low = ref image[start + row * metadata.GetTableRowSize(table)];
            low = (byte)change(low);
        }
    }
}
