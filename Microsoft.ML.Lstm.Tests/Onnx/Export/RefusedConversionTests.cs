using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Onnx.Export;

/// <summary>
/// A pipeline with a transformer whose result depends on the rows before can't be converted to ONNX, and ML.NET says so rather than leaving
/// the transformer out.
/// </summary>
[TestClass]
public sealed class RefusedConversionTests
{
    public static IEnumerable<object[]> OverRows => OnePassModel.All.Except(OnePassModel.RowByRow).Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(OverRows))]
    public void ConvertToOnnxRefusesWhatGoesOverRowsAndTheLogNamesIt(string name)
    {
        OnePassModel fitted = OnePassModel.Fit(name);
        IDataView data = fitted.Ml.Data.LoadFromEnumerable(SourceRow.Make(20));
        ITransformer scaled = fitted.Ml.Transforms.NormalizeMinMax("Scaled", "Label").Fit(data).Append(fitted.Model);
        string transformer = fitted.Model.GetType().Name;
        AssertRefused(fitted.Ml, fitted.Model, data, transformer);
        AssertRefused(fitted.Ml, scaled, data, transformer);
        ITransformer behind = fitted.Ml.Transforms.CopyColumns("Copy", fitted.Outputs[0]).Fit(fitted.Model.Transform(data));
        AssertRefused(fitted.Ml, scaled.Append(behind), data, transformer);
    }

    [TestMethod]
    public void ConvertToOnnxRefusesTextsThatAreReadByTheirCharactersAndTheLogNamesThem()
    {
        var ml = new MLContext(seed: 1);
        SchemaDefinition schema = Example.Schema(Example.Vector(10));
        schema[nameof(Example.Tokens)].ColumnType = new VectorDataViewType(new KeyDataViewType(typeof(uint), Example.Vocabulary), 5);
        schema[nameof(Example.StepClasses)].ColumnType = new VectorDataViewType(new KeyDataViewType(typeof(uint), 3), 5);
        schema[nameof(Example.Words)].ColumnType = new VectorDataViewType(TextDataViewType.Instance, 5);
        IDataView data = ml.Data.LoadFromEnumerable(Example.Make(20), schema);
        ITransformer model = AnyTrainer.Create(ml, AnyTrainer.Labeling, options =>
            (options.FeatureColumnName, options.CharacterColumnName) = (nameof(Example.Tokens), nameof(Example.Words))).Fit(data);
        var log = new List<string>();
        ml.Log += (_, entry) => log.Add(entry.RawMessage);
        IDataView input = ml.Data.LoadFromEnumerable(Array.Empty<Text>());
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => ml.Model.ConvertToOnnx(model, input, new MemoryStream()));
        Assert.IsTrue(log.Any(line => line.Contains("it reads the texts of column 'Words' by their characters", StringComparison.Ordinal)),
            string.Join('\n', log.Append(error.Message)));
    }

    [TestMethod]
    public void AWindowUnderTheNameOfItsInputIsNotTakenForItsInput()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable(SourceRow.Make(20));
        AssertRefused(ml, ml.Transforms.SlidingWindow("Features", 4).Fit(data), data, nameof(SlidingWindowTransformer));
    }

    [TestMethod]
    public void APipelineThatDropsWhatOursAddsIsConverted()
    {
        OnePassModel fitted = OnePassModel.Fit(AnyTrainer.Regression);
        IDataView data = fitted.Ml.Data.LoadFromEnumerable(SourceRow.Make(20));
        IDataView scored = fitted.Model.Transform(data);
        ITransformer select = fitted.Ml.Transforms.SelectColumns("Label").Fit(scored);
        using var stream = new MemoryStream();
        fitted.Ml.Model.ConvertToOnnx(fitted.Model.Append(select), data, stream);
        Assert.IsGreaterThan(0, stream.Length);
    }

    private sealed class Text
    {
        [KeyType(Example.Vocabulary)]
        [VectorType(5)]
        public uint[] Tokens = new uint[5];

        [VectorType(5)]
        public string[] Words = [];
    }

    private static void AssertRefused(MLContext ml, ITransformer model, IDataView data, string transformer)
    {
        var log = new List<string>();
        void Write(object? sender, LoggingEventArgs entry) => log.Add(entry.RawMessage);
        ml.Log += Write;
        using var stream = new MemoryStream();
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => ml.Model.ConvertToOnnx(model, data, stream));
        ml.Log -= Write;
        StringAssert.StartsWith(error.Message, "The targeted pipeline can not be fully converted into a well-defined ONNX model.");
        Assert.AreEqual(0, stream.Length);
        Assert.Contains($"{transformer} cannot be converted to ONNX, so the model has none of its columns: the result of a row depends "
            + "on the rows before it, and an ONNX model has each row by itself.", log);
    }
}
