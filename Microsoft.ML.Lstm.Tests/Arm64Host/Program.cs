// Arm64Host ASSEMBLY [OPTION ...]: runs the tests of an assembly with the options of Microsoft.Testing.Platform, such as --filter.
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Loader;
using Microsoft.Testing.Platform.Builder;
using Microsoft.VisualStudio.TestTools.UnitTesting;

string path = Path.GetFullPath(args[0]), folder = Path.GetDirectoryName(path)!;
Console.WriteLine($"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.ProcessArchitecture}, "
    + $"AdvSimd {AdvSimd.Arm64.IsSupported}");
// The tests look for their files beside their assembly, where what it references is too.
AppContext.SetData("APP_CONTEXT_BASE_DIRECTORY", folder + Path.DirectorySeparatorChar);
AssemblyLoadContext.Default.Resolving += (context, name) =>
{
    string file = Path.Combine(folder, name.Name + ".dll");
    return File.Exists(file) ? context.LoadFromAssemblyPath(file) : null;
};
Assembly tests = AssemblyLoadContext.Default.LoadFromAssemblyPath(path);
ITestApplicationBuilder builder = await TestApplication.CreateBuilderAsync(args[1..]);
builder.AddMSTest(() => [tests]);
using ITestApplication application = await builder.BuildAsync();
return await application.RunAsync();
