#!/bin/sh
# Microsoft.ML.OnnxRuntime 1.31.1: a Scan over no steps, whose state should come out as it went in, throws. The model adds up x [t, 1]; onnx's checker accepts it.
. "$(dirname "$0")/expect.sh"

expected='2 steps: 3
0 steps: OnnxRuntimeException, Invalid dim0_offset of 0'

run_csharp scan-of-no-steps Microsoft.ML.OnnxRuntime=1.31.1 << 'PROGRAM'
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

// Operator set 17: sum, sums = Scan(0, x) of (s, x) => (o = Add(s, x), Identity(o)).
byte[] model = Convert.FromBase64String(
    "CAgSADqCAgqoAQoEemVybwoBeBIDc3VtEgRzdW1zIgRTY2FuKnQKBGJvZHkyaQoOCgFzCgF4EgFvIgNBZGQKEAoBbxIBeSIISWRlbnRpdHkSAWJaDwoBcxIKCggIARIECgIIAVoPCgF4EgoKCAgBEgQK"
    + "AggBYg8KAW8SCgoICAESBAoCCAFiDwoBeRIKCggIARIECgIIAaABBSoWCg9udW1fc2Nhbl9pbnB1dHMYAaABAhIBZyoQCAEQASIEAAAAAEIEemVyb1oUCgF4Eg8KDQgBEgkKAxIBdAoCCAFiEQoDc3Vt"
    + "EgoKCAgBEgQKAggBYhcKBHN1bXMSDwoNCAESCQoDEgF0CgIIAUIECgAQEQ==");
using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
using var session = new InferenceSession(model, options);
foreach (float[] x in new float[][] { [1, 2], [] })
{
    try
    {
        using var results = session.Run([NamedOnnxValue.CreateFromTensor("x", new DenseTensor<float>(x, [x.Length, 1]))]);
        Console.WriteLine($"{x.Length} steps: {results[0].AsTensor<float>()[0]}");
    }
    catch (OnnxRuntimeException error)
    {
        bool isOffset = error.Message.Contains("Invalid dim0_offset of 0");
        Console.WriteLine($"{x.Length} steps: {error.GetType().Name}, {(isOffset ? "Invalid dim0_offset of 0" : error.Message)}");
    }
}
PROGRAM
