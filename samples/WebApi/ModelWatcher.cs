using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using SentimentAnalysis;

namespace WebApi;

/// <summary>Exchanges the classifier when its file has changed.</summary>
internal sealed class ModelWatcher(ServedModel<Review, Opinion> model, IOptions<ApiOptions> options, ILogger<ModelWatcher> logger)
    : IHostedService, IDisposable
{
    private PhysicalFileProvider? _folder;
    private IDisposable? _registration;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!options.Value.Watch)
            return Task.CompletedTask;
        string path = Path.GetFullPath(options.Value.SentimentPath);
        _folder = new PhysicalFileProvider(Path.GetDirectoryName(path)!);
        _registration = ChangeToken.OnChange(() => _folder.Watch(Path.GetFileName(path)), Reload);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _registration?.Dispose();
        _folder?.Dispose();
    }

    // A file that is written in place changes several times; as long as it is not whole, it can't be read and the model stays. Of another
    // file that is moved into its place there is one change.
    private void Reload()
    {
        try
        {
            logger.LogInformation("The model is exchanged for version {Version}.", model.Reload());
        }
        catch (Exception error) when (Api.IsUnreadable(error))
        {
            logger.LogWarning(error, "The changed model can't be read, so the one before stays.");
        }
    }
}
