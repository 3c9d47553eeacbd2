using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Microsoft.ML.Lstm.Engine.Files;

namespace Microsoft.ML.Lstm.Tests.Engine.Files;

/// <summary>Which properties of settings are saved in their JSON.</summary>
[TestClass]
public sealed class SavedJsonTests
{
    [TestMethod]
    [DataRow(typeof(ScoringColumns))]
    [DataRow(typeof(SavedForecast))]
    [DataRow(typeof(SavedAnomaly))]
    public void WhatIsComputedIsLeftOut(Type settings)
    {
        var found = new HashSet<Type>();
        Visit(settings);
        Assert.IsGreaterThan(1, found.Count);

        void Visit(Type type)
        {
            foreach (Type part in type.IsArray ? [type.GetElementType()!] : type.GetGenericArguments())
                Visit(part);
            if (type.Assembly != typeof(ScoringColumns).Assembly || type.IsEnum || type.IsArray || !found.Add(type))
                return;
            foreach (PropertyInfo property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public))
            {
                if (property.GetCustomAttribute<JsonIgnoreAttribute>() is not null)
                    continue;
                Assert.IsTrue(property.CanWrite, $"{type.Name}.{property.Name} is computed from the others, so it should not be written.");
                Visit(property.PropertyType);
            }
        }
    }

    /// <summary>
    /// The generated code that reads JSON gives a missing init-only property the default of its type, whatever its initializer says.
    /// </summary>
    [TestMethod]
    public void WhatMayBeLeftOutHasTheDefaultThatItIsReadWith()
    {
        Type[] saved = [.. typeof(SavedJsonContext).GetProperties().Where(property => property.PropertyType.IsGenericType)
            .Select(property => property.PropertyType.GetGenericArguments()[0])];
        var withDefaults = saved.Where(type => type.Assembly == typeof(SavedJsonContext).Assembly
            && !type.IsArray
            && type.GetConstructor([]) is not null).ToArray();
        Assert.IsNotEmpty(withDefaults);
        foreach (Type type in withDefaults)
        {
            object instance = Activator.CreateInstance(type)!;
            foreach (PropertyInfo property in type.GetProperties().Where(IsInitOnly))
            {
                object? value = property.GetValue(instance),
                    defaultValue = property.PropertyType.IsValueType ? Activator.CreateInstance(property.PropertyType) : null;
                Assert.AreEqual(defaultValue, value, $"{type.Name}.{property.Name} needs a setter.");
            }
        }

        static bool IsInitOnly(PropertyInfo property)
            => property.GetCustomAttribute<JsonIgnoreAttribute>() is null
                && property.SetMethod!.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));
    }
}
