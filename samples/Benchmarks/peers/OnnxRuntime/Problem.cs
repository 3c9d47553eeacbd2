using Microsoft.ML.OnnxRuntime;
using Peers;

namespace OnnxRuntimePeer;

/// <summary>A session with a model of the library's export, and the batch from the file of the problem.</summary>
internal sealed class Problem : IPeerProblem
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly string[] _inputs;
    private readonly string[] _outputs;
    private readonly long[] _shape;
    private readonly float[] _x;
    private readonly OrtValue[] _batch;

    public Problem(string path, int threads)
    {
        (_shape, _x) = new ProblemFile(path).Tensors["x"];
        using var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        // Which of the models beside the file.
        string extension = Environment.GetEnvironmentVariable("BENCHMARK_MODEL") ?? ".onnx";
        _session = new InferenceSession(Path.ChangeExtension(path, extension), options);
        // Without the lengths all rows have all steps.
        _inputs = [_session.InputNames[0]];
        _outputs = [.. _session.OutputNames];
        _batch = [OrtValue.CreateTensorValueFromMemory(_x, _shape)];
    }

    public void Train() => throw new NotSupportedException("ONNX Runtime scores.");

    public void Score() => _session.Run(_run, _inputs, _batch, _outputs).Dispose();

    public float FirstOutput()
    {
        int length = (int)(_shape[1] * _shape[2]);
        using var first = OrtValue.CreateTensorValueFromMemory(_x[..length], [1, .. _shape[1..]]);
        using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(_run, _inputs, [first], _outputs);
        return results[0].GetTensorDataAsSpan<float>()[0];
    }

    public (float[] Outputs, double Loss, double GradientNorm) Solve()
    {
        using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(_run, _inputs, _batch, _outputs);
        return (results[0].GetTensorDataAsSpan<float>().ToArray(), 0, 0);
    }

    public void Dispose()
    {
        _batch[0].Dispose();
        _run.Dispose();
        _session.Dispose();
    }
}
