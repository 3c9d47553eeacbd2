using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.MlNet;

/// <summary>
/// What ML.NET's chains and prediction engines require of transformers whose rows depend on earlier rows.
/// </summary>
[TestClass]
public sealed class StatefulTransformerTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void ChainWithATransformerThatIsNoRowMapperIsNone()
    {
        IDataView data = Rows(1, 2, 3);
        ITransformer copy = _ml.Transforms.CopyColumns("Y", "X").Fit(data);
        ITransformer chain = copy.Append(new Probe(isRowToRowMapper: false));
        Assert.IsFalse(chain.IsRowToRowMapper);
        StringAssert.StartsWith(Assert.ThrowsExactly<InvalidOperationException>(() => chain.GetRowToRowMapper(data.Schema)).Message,
            "GetRowToRowMapper method called despite IsRowToRowMapper being false.");
        StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ml.Model.CreatePredictionEngine<Row,
            Both>(chain)).Message,
            "Must be a row to row mapper");
        CollectionAssert.AreEqual((float[])[1, 2, 3], chain.Transform(data).GetColumn<float>("Y").ToArray());
        Assert.IsNotNull(chain.GetOutputSchema(data.Schema).GetColumnOrNull("Y"));
        Assert.IsTrue(((ITransformer)copy.Append(new Probe())).IsRowToRowMapper);
    }

    [TestMethod]
    public void EngineMovesItsRowOneFurtherWithEachPrediction()
    {
        var probe = new Probe();
        using PredictionEngine<Row, Both> engine = _ml.Model.CreatePredictionEngine<Row, Both>(probe);
        Both first = engine.Predict(new() { X = 5 }), second = engine.Predict(new() { X = 6 });
        Assert.AreEqual(first.Position + 1, second.Position);
        Assert.AreEqual(5, first.X);
        Assert.AreEqual(6, second.X);
    }

    [TestMethod]
    public void EngineReadsOnlyTheColumnsOfThePrediction()
    {
        var probe = new Probe();
        using PredictionEngine<Row, Both> both = _ml.Model.CreatePredictionEngine<Row, Both>(probe);
        both.Predict(new());
        Assert.AreEqual((1, 1), probe.Reads);
        using PredictionEngine<Row, PositionOnly> one = _ml.Model.CreatePredictionEngine<Row, PositionOnly>(probe);
        one.Predict(new());
        one.Predict(new());
        Assert.AreEqual((3, 1), probe.Reads);
        CollectionAssert.AreEqual((string[])["Position,Twice", "Position,Twice"], probe.Active, "all can be read");
    }

    private IDataView Rows(params float[] values) => _ml.Data.LoadFromEnumerable(Array.ConvertAll(values, x => new Row { X = x }));

    private sealed class Row
    {
        public float X { get; set; }
    }

    private sealed class PositionOnly
    {
        public long Position { get; set; }
    }

    private sealed class Both
    {
        public float X { get; set; }

        public long Position { get; set; }

        public float Twice { get; set; }
    }

    /// <summary>
    /// Adds the row's position and a number, and records which columns were read and how often; its view adds nothing.
    /// </summary>
    private sealed class Probe(bool isRowToRowMapper = true) : ITransformer
    {
        public (int Positions, int Numbers) Reads { get; private set; }

        public List<string> Active { get; } = [];

        public bool IsRowToRowMapper => isRowToRowMapper;

        public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => inputSchema;

        public IDataView Transform(IDataView input) => input;

        public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new Mapper(this, inputSchema);

        public void Save(ModelSaveContext ctx) => throw new NotSupportedException();

        private sealed class Mapper : IRowToRowMapper
        {
            private readonly Probe _probe;

            public Mapper(Probe probe, DataViewSchema input)
            {
                _probe = probe;
                InputSchema = input;
                var builder = new DataViewSchema.Builder();
                foreach (DataViewSchema.Column column in input)
                    builder.AddColumn(column.Name, column.Type);
                builder.AddColumn("Position", NumberDataViewType.Int64);
                builder.AddColumn("Twice", NumberDataViewType.Single);
                OutputSchema = builder.ToSchema();
            }

            public DataViewSchema InputSchema { get; }

            public DataViewSchema OutputSchema { get; }

            public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) => InputSchema;

            public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
            {
                _probe.Active.Add(string.Join(',',
                    activeColumns.Where(column => column.Index >= InputSchema.Count).Select(column => column.Name).Order()));
                return new ProbedRow(_probe, input, OutputSchema);
            }
        }

        private sealed class ProbedRow(Probe probe, DataViewRow input, DataViewSchema schema) : DataViewRow
        {
            public override DataViewSchema Schema => schema;

            public override long Position => input.Position;

            public override long Batch => input.Batch;

            public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

            public override bool IsColumnActive(DataViewSchema.Column column) => true;

            public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => column.Name switch
            {
                "Position" => (ValueGetter<TValue>)(Delegate)(ValueGetter<long>)GetPosition,
                "Twice" => (ValueGetter<TValue>)(Delegate)(ValueGetter<float>)GetTwice,
                _ => input.GetGetter<TValue>(input.Schema[column.Name]),
            };

            private void GetPosition(ref long value)
            {
                probe.Reads = (probe.Reads.Positions + 1, probe.Reads.Numbers);
                value = input.Position;
            }

            private void GetTwice(ref float value)
            {
                probe.Reads = (probe.Reads.Positions, probe.Reads.Numbers + 1);
                input.GetGetter<float>(input.Schema["X"])(ref value);
                value *= 2;
            }
        }
    }
}
