//! Sends lines with tracing-loki, as snappy protobuf. Arguments: URL, token, lines, pause in ms.

use std::time::Duration;
use tracing_subscriber::layer::SubscriberExt;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [url, token, lines, pause] = arguments.as_slice() else { panic!("URL, token, lines, pause") };
    let (layer, controller, task) = tracing_loki::builder()
        .label("app", "tracing-loki")
        .and_then(|builder| builder.http_header("Authorization", format!("Bearer {token}")))
        .and_then(|builder| builder.build_controller_url(url::Url::parse(url).unwrap()))
        .unwrap();
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let task = tokio::spawn(task);
    for index in 0..lines.parse().unwrap() {
        tracing::info!("line {index}");
        tokio::time::sleep(Duration::from_millis(pause.parse().unwrap())).await;
    }
    // It gives up on what is waiting for another attempt when it is told to stop: wait for its longest pause.
    tokio::time::sleep(Duration::from_secs(9)).await;
    controller.shutdown().await;
    task.await.unwrap();
}
