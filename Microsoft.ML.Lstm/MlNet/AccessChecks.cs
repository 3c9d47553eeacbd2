using System.Runtime.CompilerServices;

// The library is compiled against copies of these assemblies with their internal members made public
// (build/publicizer/Internals.targets). These attributes let it reach the same members of the originals when it runs.
[assembly: IgnoresAccessChecksTo("Microsoft.ML.DataView")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Transforms")]

namespace System.Runtime.CompilerServices;

/// <summary>Known to the runtime by its name: this assembly may use the internal members of the named one.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
{
    public string AssemblyName { get; } = assemblyName;
}
