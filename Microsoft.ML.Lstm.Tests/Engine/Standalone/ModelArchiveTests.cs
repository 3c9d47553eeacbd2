using System.IO.Compression;
using Microsoft.ML.Lstm.Engine.Standalone;

namespace Microsoft.ML.Lstm.Tests.Engine.Standalone;

/// <summary>Archives that claim more than they have.</summary>
[TestClass]
public sealed class ModelArchiveTests
{
    [TestMethod]
    public void WhatUnpacksToMoreThanTheFileJustifiesIsRefused()
    {
        var file = new MemoryStream();
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            using (Stream list = archive.CreateEntry("a/Checksum.sha256").Open())
                list.Write("Microsoft.ML.Lstm LstmRegression 1 a\n"u8);
            using Stream numbers = archive.CreateEntry("a/Model.safetensors", CompressionLevel.Fastest).Open();
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 100; i++)
                numbers.Write(zeros);
        }
        file.Position = 0;
        using ModelArchive opened = ModelArchive.Open(file);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => opened.ReadNumbers("Model.safetensors")).Message,
            "the file's size accounts for");
    }
}
