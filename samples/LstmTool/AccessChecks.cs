using System.Runtime.CompilerServices;

// PureHDF keeps its drivers internal; the tool is compiled against a copy of it (build/publicizer/Internals.targets).
[assembly: IgnoresAccessChecksTo("PureHDF")]

namespace System.Runtime.CompilerServices;

/// <summary>Known to the runtime by its name: this assembly may use the internal members of the named one.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
{
    public string AssemblyName { get; } = assemblyName;
}
