using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.ML.Lstm.Engine.Files;

namespace Microsoft.ML.Lstm.Tests.Engine.Files;

/// <summary>Which properties of settings are saved in their JSON, and read from it.</summary>
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

    [TestMethod]
    public void WhatIsWrittenIsReadToTheLastProperty()
    {
        (JsonTypeInfo Type, MethodInfo From)[] saved = [.. typeof(SavedJsonContext).GetProperties()
            .Where(property => property.PropertyType.IsGenericType && property.PropertyType.Name.StartsWith("JsonTypeInfo"))
            .Select(property => (JsonTypeInfo)property.GetValue(SavedJsonContext.Default)!)
            .Select(type => (type, Reader(type.Type))).Where(one => one.Item2 is not null)!];
        Assert.IsGreaterThanOrEqualTo(11, saved.Length);
        foreach ((JsonTypeInfo type, MethodInfo from) in saved)
        {
            byte[] json = JsonSerializer.SerializeToUtf8Bytes(Filled(type.Type, depth: 0), type);
            object read = SavedJson.Read(json, value => value.Object(properties => from.Invoke(null, [properties])!), type.Type.Name);
            Assert.AreEqual(Encoding.UTF8.GetString(json), JsonSerializer.Serialize(read, type));
        }
    }

    [TestMethod]
    [DataRow("""{"a": 1, "b": {}}""", null)]
    [DataRow("""{"a": 1, "a": 2, "b": {}}""", "it has 'a' twice")]
    [DataRow("""{"a": 1, "b": {}, "c": 3}""", "'c' is not a property of it")]
    [DataRow("""{"a": 1, "b": {"x": 1, "x": 2}}""", "it has 'x' twice")]
    public void EachNameIsThereOnceAndAskedFor(string json, string? fault)
    {
        try
        {
            // One is asked for twice, which is no more than once.
            SavedJson.Read(Encoding.UTF8.GetBytes(json), value => value.Object(properties =>
                (object)(properties["a"].Int32(), properties["a"].Int32(), properties["b"].Entries(entry => entry.Int32()))), "What");
            Assert.IsNull(fault);
        }
        catch (InvalidDataException error)
        {
            Assert.IsNotNull(fault);
            StringAssert.EndsWith(error.Message, fault);
        }
    }

    private static MethodInfo? Reader(Type type)
        => (type == typeof(TrainingReport) ? typeof(SavedReport) : type).GetMethod("From",
            BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic, [typeof(SavedValue)]);

    /// <summary>A value in which nothing is left out that can be saved.</summary>
    private static object? Filled(Type type, int depth)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return Filled(underlying, depth);
        if (type.IsEnum)
            return Enum.GetValues(type).GetValue(1);
        if (type == typeof(string))
            return "text";
        if (type == typeof(bool))
            return true;
        if (type == typeof(DateTime))
            return new DateTime(2026, 11, 30);
        if (type.IsPrimitive)
            return Convert.ChangeType(7, type, CultureInfo.InvariantCulture);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            return Filled(type.GetGenericArguments()[0].MakeArrayType(), depth);
        if (type.IsArray)
        {
            // A member has members again.
            var array = Array.CreateInstance(type.GetElementType()!, depth > 3 ? 0 : 1);
            for (int i = 0; i < array.Length; i++)
                array.SetValue(Filled(type.GetElementType()!, depth + 1), i);
            return array;
        }
        if (type.IsGenericType)
        {
            var entries = (IDictionary)Activator.CreateInstance(type)!;
            entries.Add("name", Filled(type.GetGenericArguments()[1], depth + 1));
            return entries;
        }
        ConstructorInfo? constructor = type.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(one => !(one.GetParameters() is [var copied] && copied.ParameterType == type))
            .MaxBy(one => one.GetParameters().Length);
        object made = constructor is null ? Activator.CreateInstance(type)!
            : constructor.Invoke([.. constructor.GetParameters().Select(parameter => Filled(parameter.ParameterType, depth + 1))]);
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public))
        {
            if (property.CanWrite && property.GetCustomAttribute<JsonIgnoreAttribute>() is not { Condition: JsonIgnoreCondition.Always })
                property.SetValue(made, Filled(property.PropertyType, depth + 1));
        }
        return made;
    }
}
