using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Text;

/// <summary>Cutting and joining through the harness.</summary>
[TestClass]
public sealed class SubwordHarnessTests
{
    private readonly VocabularyFiles _files = new();

    [TestCleanup]
    public void DeleteFiles() => _files.Dispose();

    [TestMethod]
    [DataRow("BPE")]
    [DataRow("Tiktoken")]
    [DataRow("WordPiece")]
    [DataRow("SentencePiece")]
    [DataRow("unigram")]
    public void SubwordsAreWhatMlNetExpectsOfATransform(string kind)
    {
        EstimatorHarness harness = Create(kind);
        harness.CheckSchemaPromise();
        harness.CheckRowMapperEqualsCursorEqualsBatch();
        harness.CheckSaveAndLoad();
        harness.CheckViews();
        harness.CheckFitOnViews();
        harness.CheckThreads();
    }

    [TestMethod]
    [DataRow("BPE")]
    [DataRow("SentencePiece")]
    public void SubwordsLoadInANewProcess(string kind) => Create(kind).CheckLoadInNewProcess();

    private EstimatorHarness Create(string kind)
    {
        var ml = new MLContext(seed: 1);
        string file = kind switch
        {
            "BPE" => _files.WriteBytePairs(),
            "Tiktoken" => _files.WriteTiktoken(),
            "WordPiece" => _files.WriteWordPieces(),
            "unigram" => _files.WriteUnigram(),
            _ => _files.WriteSentencePieces(),
        };
        Example[] rows = Example.Make(7);
        rows[3].ClassName = "";
        for (int i = 0; i < rows.Length; i++)
            rows[i].ClassName += i == 3 ? "" : $" the walker {i}😀";
        var estimator = ml.Transforms.Text.TokenizeIntoSubwords("Pieces", nameof(Example.ClassName), file)
            .Append(ml.Transforms.Text.JoinSubwords("Joined", "Pieces", file));
        return new EstimatorHarness(ml, estimator, rows, Example.Schema(Example.Vector(5, 2)), "Pieces", "Joined");
    }
}
