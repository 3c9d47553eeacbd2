namespace WebApi;

/// <summary>A review to be judged.</summary>
internal sealed record ReviewText(string? Text);

/// <summary>What the model with the number <paramref name="ModelVersion"/> makes of a review.</summary>
internal sealed record Judgement(bool IsGood, float Probability, int ModelVersion);

/// <summary>The model that is served now.</summary>
internal sealed record ModelState(int ModelVersion);

/// <summary>A day of a shop that is over, and what is planned of the days that follow, tomorrow first.</summary>
internal sealed record DayReport(DateTime Day, float Sales, float Price, bool Promotion, float Sunshine, IReadOnlyList<PlannedDay>? Ahead);

/// <summary>What is planned of a day.</summary>
internal sealed record PlannedDay(float Price, bool Promotion);

/// <summary>What a shop is expected to sell on the next days, tomorrow first.</summary>
internal sealed record ShopForecast(string Shop, IReadOnlyList<ExpectedDay> Days);

/// <summary>What is expected of a day, and between which bounds.</summary>
internal sealed record ExpectedDay(float Sales, float Lower, float Upper);
