using System.Reflection;

namespace Microsoft.ML.Runtime;

/// <summary>The loadable components of the assemblies that were registered, or that a model named.</summary>
public sealed class ComponentCatalog
{
    private const BindingFlags Any = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private readonly Dictionary<string, Assembly> _registered = [];
    private readonly Dictionary<(string Name, Type Signature), LoadableClassAttributeBase> _classes = [];

    internal ComponentCatalog()
    {
    }

    public void RegisterAssembly(Assembly assembly, bool throwOnError = true)
    {
        lock (_classes)
        {
            if (!_registered.TryAdd(assembly.FullName, assembly))
                return;
            foreach (LoadableClassAttribute component in assembly.GetCustomAttributes<LoadableClassAttribute>())
            {
                foreach (string name in component.LoadNames)
                    _classes[(name.ToLowerInvariant(), component.SigTypes[0])] = component;
            }
        }
    }

    /// <summary>Makes the component that is registered for <paramref name="signatureType"/> under the name a model gives.</summary>
    internal bool TryLoad(IHostEnvironment env, Type signatureType, string name, ModelLoadContext ctx, out object result)
    {
        LoadableClassAttributeBase component;
        lock (_classes)
        {
            if (!_classes.TryGetValue((name.ToLowerInvariant(), signatureType), out component))
            {
                result = null;
                return false;
            }
        }
        Type[] parameters = [typeof(IHostEnvironment), typeof(ModelLoadContext)];
        MethodInfo create = component.LoaderType.GetMethod("Create", Any | BindingFlags.Static, parameters);
        if (create is not null && create.ReturnType != component.InstanceType)
            create = null;
        ConstructorInfo constructor = component.LoaderType.GetConstructor(Any | BindingFlags.Instance, parameters);
        if (create is null && constructor is null)
        {
            throw env.Except($"Can't find a constructor or a static Create method of {component.LoaderType} that takes (IHostEnvironment, ModelLoadContext) " +
                $"and returns {component.InstanceType}");
        }
        try
        {
            result = create is not null ? create.Invoke(null, [env, ctx]) : constructor.Invoke([env, ctx]);
        }
        catch (TargetInvocationException inner) when (inner.InnerException.IsMarked())
        {
            throw env.Except(inner, "Error during class instantiation");
        }
        return true;
    }
}
