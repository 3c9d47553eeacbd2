// Models behind HTTP: a classifier of texts that is exchanged while it is at work, and a forecaster that learns of each day as it comes.
using WebApi;

// dotnet run -- train: makes the two models that are served. Others, with the same columns, may take their places.
if (args is ["train", ..])
{
    Training.WriteAll(args.Length > 1 ? args[1] : "models");
    return 0;
}
await Api.Create(args).RunAsync();
return 0;
