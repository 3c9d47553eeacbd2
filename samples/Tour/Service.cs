using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.ML;

namespace Tour;

/// <summary>A model behind HTTP on this machine: readings go in as JSON, a probability comes out.</summary>
internal sealed class Service : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly PredictionEngine<PumpReadings, Warning> _engine;

    public Service(MLContext ml, ITransformer model)
    {
        // A port that is free now.
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Address = $"http://localhost:{((IPEndPoint)probe.LocalEndpoint).Port}/";
        }
        _engine = ml.Model.CreatePredictionEngine<PumpReadings, Warning>(model);
        _listener.Prefixes.Add(Address);
        _listener.Start();
        _ = AnswerAsync();
    }

    public string Address { get; }

    /// <summary>What a client does.</summary>
    public async Task<float> AskAsync(PumpReadings readings)
    {
        using var client = new HttpClient();
        using HttpResponseMessage answer = await client.PostAsJsonAsync(Address, readings.Features);
        return (await answer.Content.ReadFromJsonAsync<Warning>())!.Probability;
    }

    public void Dispose()
    {
        _listener.Close();
        _engine.Dispose();
    }

    // One at a time, since an engine serves one caller at a time.
    private async Task AnswerAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext call;
            try
            {
                call = await _listener.GetContextAsync();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            float[] features = (await JsonSerializer.DeserializeAsync<float[]>(call.Request.InputStream))!;
            await JsonSerializer.SerializeAsync(call.Response.OutputStream, _engine.Predict(new PumpReadings { Features = features }));
            call.Response.Close();
        }
    }
}
