using System.Reflection;
using System.Text.Json.Serialization;
using Microsoft.ML.Lstm.Scoring;

namespace Microsoft.ML.Lstm.Tests.Persistence;

/// <summary>What of settings goes into their JSON.</summary>
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
}
