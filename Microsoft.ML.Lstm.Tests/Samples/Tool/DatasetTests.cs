using LstmTool.Commands;
using LstmTool.Data;
using LstmTool.Tasks;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Samples.Tool;

/// <summary>What lstm-ml finds out of files by itself.</summary>
[TestClass]
public sealed class DatasetTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void FindsSeparatorHeaderAndKinds()
    {
        Dataset data = Read("Day;Shop;Sold\n2026-01-01;\"A; B\";3.5\n2026-01-02;C;\n2026-01-03;C;-1e3\n");
        CollectionAssert.AreEqual(new[] { "Day", "Shop", "Sold" }, data.Columns.Select(column => column.Name).ToArray());
        CollectionAssert.AreEqual(new[] { ColumnKind.Time, ColumnKind.Text, ColumnKind.Number },
            data.Columns.Select(column => column.Kind).ToArray());
        CollectionAssert.AreEqual(new[] { 3.5f, float.NaN, -1000f }, data.NumbersOf(data.Columns[2]));
        Assert.AreEqual("A; B", data.TextsOf(data.Columns[1])[0]);
        Assert.AreEqual(new DateTime(2026, 1, 3, 0, 0, 0, DateTimeKind.Utc), data.TimesOf(data.Columns[0])[2]);
        Assert.AreEqual(1, data.Columns[2].Missing);
    }

    [TestMethod]
    public void TakesQuotesInTabSeparatedTextsAsTheyAre()
    {
        Dataset data = Read("ham\the said \"hello\nspam\t\"win\" now\nham\tbye\n");
        Assert.AreEqual(3, data.Rows);
        Assert.AreEqual("Column1", data.Columns[1].Name);
        CollectionAssert.AreEqual(new[] { "he said \"hello", "\"win\" now", "bye" }, data.TextsOf(data.Columns[1]));
    }

    [TestMethod]
    public void ReadsLineBreaksInQuotesAndNamesTheLineOfAFault()
    {
        Dataset data = Read("a,b\n\"one\ntwo\",1\nthree,2\nfour,x\n" + string.Concat(Enumerable.Repeat("five,3\n", 20)));
        Assert.AreEqual("one\ntwo", data.TextsOf(data.Columns[0])[0]);
        var error = Assert.ThrowsExactly<InvalidDataException>(() => data.NumbersOf(data.Columns[1]));
        StringAssert.Contains(error.Message, "(5), column 'b': 'x' is no number");
    }

    [TestMethod]
    public void ReadsJsonLinesWithListsAndMissingValues()
    {
        Dataset data = Read("""
            {"curve": [[1, 2], [3, 4]], "label": "up", "age": 3}
            {"curve": [[5, null]], "label": null}
            """);
        (float[][] values, int features) = data.NumberListsOf(data.Columns[0]);
        Assert.AreEqual(2, features);
        CollectionAssert.AreEqual(new[] { 1f, 2, 3, 4 }, values[0]);
        CollectionAssert.AreEqual(new[] { 5f, float.NaN }, values[1]);
        CollectionAssert.AreEqual(new[] { 3f, float.NaN }, data.NumbersOf(data.Columns[2]));
    }

    [TestMethod]
    [DataRow("x0,y0,x1,y1,x2,y2", 2, "x0,y0,x1,y1,x2,y2")]
    [DataRow("x_1,x_2,x_3,y_1,y_2,y_3", 2, "x_1,y_1,x_2,y_2,x_3,y_3")]
    [DataRow("t2,t10,t1", 1, "t1,t2,t10")]
    [DataRow("0_a,0_b,1_a,1_b,2_a,2_b", 2, "0_a,0_b,1_a,1_b,2_a,2_b")]
    [DataRow("height,weight,age", 1, "height,weight,age")]
    public void FindsTheStepsThatColumnsAreSideBySide(string names, int featuresPerStep, string expected)
    {
        SourceColumn[] columns = [.. names.Split(',').Select((name, i) => new SourceColumn(name, i, ColumnKind.Number, 0))];
        var steps = StepColumns.Infer(columns, featuresPerStep: null);
        Assert.AreEqual(featuresPerStep, steps.FeaturesPerStep);
        Assert.AreEqual(expected, string.Join(',', steps.Columns.Select(column => column.Name)));
        Assert.IsEmpty(steps.Rest);
    }

    [TestMethod]
    public void LeavesColumnsThatAreNoStepAside()
    {
        SourceColumn[] columns = [.. "age,x0,x1,x2".Split(',').Select((name, i) => new SourceColumn(name, i, ColumnKind.Number, 0))];
        Assert.AreEqual("age", StepColumns.Infer(columns, featuresPerStep: null).Rest.Single().Name);
        var error = Assert.ThrowsExactly<InvalidDataException>(() => StepColumns.Infer(columns, featuresPerStep: 3));
        StringAssert.Contains(error.Message, "--features-per-step 3");
    }

    [TestMethod]
    public void FindsSequencesWhoseStepsAreRows()
    {
        Dataset data = Read("walk_id,speed,kind\n1,3,slow\n1,4,slow\n2,8,fast\n2,9,fast\n2,7,fast\n");
        SourceColumn group = LongTable.Infer(data, data.Columns[2])!;
        Assert.AreEqual("walk_id", group.Name);
        Dataset walks = LongTable.ToRows(data, group, [], []);
        Assert.AreEqual(2, walks.Rows);
        CollectionAssert.AreEqual(new[] { 8f, 9, 7 }, walks.NumberListsOf(walks.Columns[1]).Values[1]);
        CollectionAssert.AreEqual(new[] { "slow", "fast" }, walks.TextsOf(walks.Columns[2]));
    }

    [TestMethod]
    public void ReadsColumnsOfWordsWithBlankLinesBetweenSentences()
    {
        Dataset data = Read("He PRP B-NP\nreckons VBZ B-VP\n\n. . O\n\n", isLabeling: true);
        Assert.AreEqual(2, data.Rows);
        CollectionAssert.AreEqual(new[] { "Word", "Column1", "Label" }, data.Columns.Select(column => column.Name).ToArray());
        CollectionAssert.AreEqual(new[] { "B-NP", "B-VP" }, data.TextListsOf(data.Columns[2])[0]);
    }

    [TestMethod]
    [DataRow("31/12/2025", "12/01/2026", "2026-01-12")]
    [DataRow("2025", "2026", "2026-01-01")]
    [DataRow("1767139200", "1767225600", "2026-01-01")]
    [DataRow("20251231", "20260101", "2026-01-01")]
    [DataRow("202512", "202601", "2026-01-01")]
    [DataRow("01.11.2025", "01.12.2025", "2025-12-01")]
    [DataRow("1.11.25", "1.12.25", "2025-12-01")]
    [DataRow("11/01/2025", "12/01/2025", "2025-12-01")]
    [DataRow("1/31/2026 6:00 PM", "2/1/2026 6:00 PM", "2026-02-01")]
    [DataRow("Dec-25", "Jan-26", "2026-01-01")]
    [DataRow("December 2025", "January 2026", "2026-01-01")]
    [DataRow("\"Dec 31, 2025\"", "\"Jan 1, 2026\"", "2026-01-01")]
    public void ReadsTimesAsTheWholeColumnWritesThem(string first, string second, string expected)
    {
        Dataset data = Read($"when,value\n{first},1\n{second},2\n");
        Assert.AreEqual(expected, data.TimesOf(data.Columns[0])[1].ToString("yyyy-MM-dd"));
    }

    [TestMethod]
    public void TakesTheMoreRegularOfTwoWaysToReadDates()
    {
        string months = string.Concat(Enumerable.Range(0, 24).Select(month => $"01/{month % 12 + 1:00}/{2024 + month / 12},1\n"));
        Dataset data = Read($"when,value\n{months}");
        Assert.AreEqual("with the day first", data.TimeFormatOf(data.Columns[0])!.Name);
        Assert.AreEqual(new DateTime(2024, 2, 1, 0, 0, 0, DateTimeKind.Utc), data.TimesOf(data.Columns[0])[1]);
        string same = string.Concat(Enumerable.Range(0, 24).Select(month => $"{month % 12 + 1:00}/01/{2024 + month / 12},1\n"));
        data = Read($"when,value\n{same}");
        Assert.AreEqual("with the month first", data.TimeFormatOf(data.Columns[0])!.Name);
    }

    [TestMethod]
    public void FractionsOfSecondsDoNotTellWhichNumberIsTheDay()
    {
        string days = string.Concat(Enumerable.Range(1, 12).Select(day => $"02/{day:00}/2010 00:00:00.000,1\n"));
        Dataset data = Read($"when,value\n{days}");
        Assert.AreEqual(new DateTime(2010, 2, 12, 0, 0, 0, DateTimeKind.Utc), data.TimesOf(data.Columns[0])[^1]);
    }

    [TestMethod]
    [DataRow("1.5", null, 1.5f)]
    [DataRow("$12.50", null, 12.5f)]
    [DataRow("1.234,50 €", true, 1234.5f)]
    [DataRow("20,7", true, 20.7f)]
    [DataRow("1,234.5", false, 1234.5f)]
    [DataRow("44,000", false, 44000f)]
    [DataRow("44,000", null, float.NaN)]
    [DataRow("12.5", true, float.NaN)]
    [DataRow("12,5", false, float.NaN)]
    [DataRow("5 128", null, 5128f)]
    [DataRow("1\u202F234\u00A0€", null, 1234f)]
    [DataRow("-12\u00A0345,5", true, -12345.5f)]
    [DataRow("1'234'567.5", null, 1234567.5f)]
    [DataRow("51.3%", null, 51.3f)]
    [DataRow("51,3 %", true, 51.3f)]
    [DataRow("5 12", null, float.NaN)]
    [DataRow("1 234'567", null, float.NaN)]
    public void ReadsNumbersAsSpreadsheetsAndPortalsWriteThem(string field, bool? decimalComma, float expected)
    {
        bool isRead = Fields.TryParseNumber(field, decimalComma, out float number);
        Assert.AreEqual(!float.IsNaN(expected), isRead);
        if (isRead)
            Assert.AreEqual(expected, number);
    }

    [TestMethod]
    public void GroupsOfDigitsAreNumbersUnlessAllMayBeLists()
    {
        Dataset data = Read("a;b;c\n5 128;100 200 300;n.a.\n12 345;110 220 330;TRUE\n999;120 240 360;false\n");
        CollectionAssert.AreEqual(new[] { ColumnKind.Number, ColumnKind.Numbers, ColumnKind.Text },
            data.Columns.Select(column => column.Kind).ToArray());
        CollectionAssert.AreEqual(new[] { 5128f, 12345, 999 }, data.NumbersOf(data.Columns[0]));
        CollectionAssert.AreEqual(new[] { 110f, 220, 330 }, data.NumberListsOf(data.Columns[1]).Values[1]);
        CollectionAssert.AreEqual(new[] { float.NaN, 1, 0 }, data.NumbersOf(data.Columns[2]));
    }

    [TestMethod]
    [DataRow("Wert\n51,3\n59,3\n60,1\n", null)]
    [DataRow("51,3\n59,3\n60,1\n", true)]
    public void ADecimalCommaOfOneColumnIsNoSeparator(string content, bool? decimalComma)
    {
        Dataset data = Read(content, decimalComma: decimalComma);
        Assert.HasCount(1, data.Columns);
        Assert.AreEqual(3, data.Rows);
        if (decimalComma == true)
            CollectionAssert.AreEqual(new[] { 51.3f, 59.3f, 60.1f }, data.NumbersOf(data.Columns[0]));
        else
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => data.NumbersOf(data.Columns[0])).Message,
                "'51,3' is no number such as 12.5; if the file has decimal commas, give --decimal-comma");
        Assert.HasCount(2, Read("x,y\n51,3\n59,3\n").Columns);
    }

    [TestMethod]
    public void TheExampleOfANumberIsWrittenAsThoseOfTheFile()
    {
        Dataset data = Read("a;b\n1,5;x\n12.5;x\n", decimalComma: true);
        StringAssert.EndsWith(Assert.ThrowsExactly<InvalidDataException>(() => data.NumbersOf(data.Columns[0])).Message,
            "'12.5' is no number such as 12,5; leave the field empty if it is missing.");
    }

    [TestMethod]
    public void AListOfJsonIsNoJsonLines()
        => StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => Read("[\n {\"a\": 1},\n {\"a\": 2}\n]\n")).Message,
            "is one list of JSON; lstm-ml reads JSON lines, an object a line");

    [TestMethod]
    public void ALineOfWordsThatIsAFieldShortIsNamed()
    {
        string sentences = string.Concat(Enumerable.Repeat("the DT B\ndog NN I\n\n", 10)) + "runs VB\n\n";
        StringAssert.EndsWith(Assert.ThrowsExactly<InvalidDataException>(() => Read(sentences, isLabeling: true)).Message,
            "(31): the line has 2 fields, the first line 3.");
    }

    [TestMethod]
    public void CharactersThatAreNotShownHaveTheirNumbers()
        => Assert.AreEqual("'\\u0080 5' is no number", Cli.MessageOf(new InvalidDataException("'\u0080 5' is\r\nno number")));

    [TestMethod]
    public void LeavesOutTheTitleAboveATable()
    {
        Dataset data = Read("Energy account\nCustomer;4711\n\nMonth;Usage;Cost;Kind\n2026-01;381,5;101,82 €;read\n"
            + "2026-02;380,1;99,10 €;read\n2026-03;300,1;79,10 €;read\n2026-04;280,1;69,10 €;read\n");
        CollectionAssert.AreEqual(new[] { "Month", "Usage", "Cost", "Kind" }, data.Columns.Select(column => column.Name).ToArray());
        Assert.AreEqual(4, data.Rows);
        Assert.AreEqual(3, data.Text.Layout.LinesOfTitle);
        CollectionAssert.AreEqual(new[] { ColumnKind.Time, ColumnKind.Number, ColumnKind.Number, ColumnKind.Text },
            data.Columns.Select(column => column.Kind).ToArray());
    }

    [TestMethod]
    public void SuggestsTheNearestNames()
    {
        StringAssert.Contains(Nearest.Suggest("tmep", ["Date", "Temp", "Rain"]), "did you mean 'Temp'?");
        StringAssert.StartsWith(Nearest.Suggest("xyz", ["Date", "Temp"]), "there are 'Date', 'Temp'");
        Assert.AreEqual(1, Nearest.Distance("tmep", "temp"));
        Assert.AreEqual(3, Nearest.Distance("kitten", "sitting"));
        Assert.AreEqual(4, Nearest.Distance("", "four"));
    }

    [TestMethod]
    public void GivesItsColumnsToMlNet()
    {
        var table = new Table(
        [
            TableColumn.OfNumbers("n", [1, float.NaN, 3]), TableColumn.OfTexts("t", ["a", "", "c"]),
            TableColumn.OfNumberLists("fixed", [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]], featuresPerStep: 2),
            TableColumn.OfNumberLists("free", [[1], [], [2, 3]], featuresPerStep: 1),
            TableColumn.OfTextLists("words", [["x"], [], ["y", "z"]]),
        ]);
        IDataView view = table.View([2, 0]);
        CollectionAssert.AreEqual(new[] { 3f, 1f }, view.GetColumn<float>("n").ToArray());
        CollectionAssert.AreEqual(new[] { "c", "a" }, view.GetColumn<string>("t").ToArray());
        Assert.AreEqual(new VectorDataViewType(NumberDataViewType.Single, 2, 2), view.Schema["fixed"].Type);
        Assert.AreEqual(new VectorDataViewType(NumberDataViewType.Single), view.Schema["free"].Type);
        CollectionAssert.AreEqual(new[] { 2f, 3f }, view.GetColumn<float[]>("free").First());
        CollectionAssert.AreEqual(new[] { "y", "z" }, view.GetColumn<string[]>("words").First());
        Assert.AreEqual(2, view.GetRowCount());
    }

    [TestMethod]
    [DataRow("5,5;1,3;0,1\n2,5;7,3;4,1\n", null, 3, ';')]
    [DataRow("2026-01-01;1,3;0,1\n2026-01-02;7,3;4,1\n", null, 3, ';')]
    [DataRow("5,5|1,3|0,1\n2,5|7,3|4,1\n", null, 3, '|')]
    [DataRow("Doe, Ann;1,3;0,1\nRoe, Joe;7,3;4,1\n", true, 3, ';')]
    [DataRow("\"5,5\",\"1,3\",\"a; b\"\n\"2,5\",\"7,3\",c\n", true, 3, ',')]
    [DataRow("1,2;3,up\n4,5;6,down\n", null, 3, ',')]
    public void ADecimalCommaIsNoSeparator(string content, bool? decimalComma, int columns, char separator)
    {
        Dataset data = Read(content, decimalComma: decimalComma);
        Assert.AreEqual(separator, data.Text.Layout.Separator);
        Assert.HasCount(columns, data.Columns);
    }

    /// <summary>Values of steps that are rows are read as those of other rows, however they are written.</summary>
    [TestMethod]
    [DataRow("5,2;,3;+5;007;$5;;1.234,5", true, new[] { 5.2f, 0.3f, 5, 7, 5, float.NaN, 1234.5f })]
    [DataRow("5;.3;+5;007;$5;;1e3", null, new[] { 5, 0.3f, 5, 7, 5, float.NaN, 1000 })]
    [DataRow("5;.3;+5;007;$5;-;1,234.5", false, new[] { 5, 0.3f, 5, 7, 5, float.NaN, 1234.5f })]
    public void NumbersOfStepsMayBeWrittenInAnyWay(string fields, bool? decimalComma, float[] expected)
    {
        string[] steps = fields.Split(';');
        string rows = string.Concat(Enumerable.Range(0, 8).SelectMany(walk => steps.Select(step => $"{walk};{step};{"ab"[walk % 2]}\n")));
        Dataset data = Read($"walk_id;speed;kind\n{rows}", decimalComma: decimalComma);
        Dataset walks = LongTable.ToRows(data, LongTable.Infer(data, data.Columns[2])!, [], []);
        (float[][] values, int features) = walks.NumberListsOf(walks.Columns[1]);
        Assert.AreEqual(1, features);
        Assert.AreEqual(ColumnKind.Numbers, walks.Columns[1].Kind);
        CollectionAssert.AreEqual(expected, values[3]);
    }

    [TestMethod]
    [DataRow("0", null, 2)]
    [DataRow("4", null, 2)]
    [DataRow("0", true, 1)]
    [DataRow("0.96", null, 1)]
    public void ColumnNumbersDoNotMakeAHeader(string label, bool? hasHeader, int rows)
    {
        string path = Path.Combine(_folder, "data");
        File.WriteAllText(path, "1,4,0,0.96\n0,3,1,0.5\n");
        var command = new System.CommandLine.Command("classification");
        var arguments = new TrainArguments(command, command.Name);
        TaskRequest request = arguments.RequestOf(command.Parse(["--dataset", path, "--label-col", label]));
        Dataset data = Dataset.Read(path, request.Reading with { HasHeader = hasHeader });
        Assert.AreEqual(rows, data.Rows);
    }

    private Dataset Read(string content, bool isLabeling = false, bool? decimalComma = null)
    {
        string path = Path.Combine(_folder, "data");
        File.WriteAllText(path, content);
        return Dataset.Read(path, new ReadOptions { DecimalComma = decimalComma }, isLabeling);
    }
}
