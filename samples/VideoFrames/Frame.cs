using Microsoft.ML.Data;

namespace VideoFrames;

/// <summary>A frame of a video, row by row. The frames of a video stand in the order of time.</summary>
internal sealed class Frame
{
    public string Video { get; set; } = "";

    /// <summary>What happens in the video; the same in all of its frames.</summary>
    public string Event { get; set; } = "";

    public float[] Pixels { get; set; } = [];
}

/// <summary>A video as the trainers read it.</summary>
internal sealed class Clip
{
    public string Event { get; set; } = "";

    /// <summary>The features of each frame, one frame after the other.</summary>
    public float[] Frames { get; set; } = [];

    /// <summary>What is left where nobody looks at the order: the first frame, the last and their mean.</summary>
    public float[] Summary { get; set; } = [];

    public static Clip Of(string what, float[][] frames) => new()
    {
        Event = what,
        Frames = [.. frames.SelectMany(frame => frame)],
        Summary = [.. frames[0], .. frames[^1], .. frames[0].Select((_, i) => frames.Average(frame => frame[i]))],
    };

    /// <summary>The columns, with a summary of known size, as ML.NET's own trainers need it.</summary>
    public static SchemaDefinition SchemaOf(int features)
    {
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Clip));
        schema[nameof(Summary)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 3 * features);
        return schema;
    }
}
