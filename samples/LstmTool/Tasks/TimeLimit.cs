using Microsoft.ML.Lstm;

namespace LstmTool.Tasks;

/// <summary>
/// The end of a training's time: it stops behind the epoch, so that what belongs to a model is still computed, or soon after if the epoch
/// is long. The user's own end is at once.
/// </summary>
internal sealed class TimeLimit : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(4);

    private readonly CancellationToken _soft;
    private readonly CancellationTokenSource _hard;
    private readonly CancellationTokenRegistration _registration;

    public TimeLimit(CancellationToken soft, CancellationToken interrupted)
    {
        _soft = soft;
        _hard = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        _registration = soft.Register(() => _hard.CancelAfter(Grace));
    }

    /// <summary>What stops a training in the middle of an epoch.</summary>
    public CancellationToken Hard => _hard.Token;

    /// <summary>Stops behind an epoch if the time is over.</summary>
    public void Apply(EpochCompletedEventArgs epoch) => epoch.Cancel |= _soft.IsCancellationRequested;

    public void Dispose()
    {
        _registration.Dispose();
        _hard.Dispose();
    }
}
